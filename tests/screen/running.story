# A run in its fifth step, as an agent's chain of thought looks.
at 14:02:10
link live
status EXECUTING
task ingest-report
environment prod
version 20261120.3
created 14:02:09.800
queued 14:02:09.800
started 14:02:11.100
attempt 1/3
cost 0.4
progress 0.02 1 50
tag user:42
tag batch:nov
metadata {"stage":"parsing","currentItem":"page-27.png","rows":1204,"warnings":1}
tell
at 14:02:11
step Fetch source PDF
tell
log info 14:02:11.900 GET nov.pdf, 4.1 MB
log info 14:02:12.700 saved
at 14:02:13.100
step Split into 50 pages
tell
log info 14:02:14.100 50 pages
at 14:02:17.300
step Plan extraction
tell
logs 12 info thought
at 14:02:27.100
step Load schema "invoice-v3"
tell
log info 14:02:27.200 schema has 14 columns
at 14:02:27.502
step Parse pages
progress 0.54 27 50
tell
log info 14:02:31.100 page 21 ok, 2 tables, 30 rows
log info 14:02:35.100 page 22 ok, 1 table, 12 rows
log info 14:02:39.100 page 23 ok, same layout as p.22
log warn 14:03:01.100 page 24: column "VAT" missing, guessed from header
log info 14:03:05.100 page 25 ok, 3 tables, 41 rows || {"page":25,"tables":3,"rows":41}
log info 14:03:10.100 page 26 ok, table continues on next page
at 14:03:21
log info 14:03:23.100 The totals row repeats at the top of page 27. The previous page ends in mid-table, so I merge both before validating, otherwise the row count would be off by one
at 14:03:23.500
