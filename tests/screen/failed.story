# A run that failed in its last attempt.
at 14:01:57
link live
status EXECUTING
task ingest-report
environment prod
version 20261120.3
created 14:01:57.711
queued 14:01:57.711
started 14:01:59.011
attempt 3/3
progress 0.71
step Load schema "invoice-v3"
tell
log info 14:03:31.200 schema has 14 columns
at 14:03:31.500
step Parse pages
tell
log info 14:03:31.600 page 21 ok, 2 tables, 30 rows
log info 14:03:32.600 page 22 ok, 1 table, 12 rows
log info 14:03:33.600 page 23 ok, same layout as p.22
log warn 14:03:36.400 page 24: column "VAT" missing, guessed from header
log info 14:03:38.600 page 25 ok, 3 tables, 41 rows
log info 14:03:40.600 page 26 ok, table continues on next page
log error 14:04:02.300 page 27: mergeTables failed
at 14:04:02.500
status FAILED
completed 14:04:02.411
waited 12400
cost 1.1
error TypeError|Cannot read properties of undefined (reading "vat")
stack TypeError: Cannot read properties of undefined (reading "vat")\n    at mergeTables (src/trigger/ingest.ts:212:31)\n    at parsePage (src/trigger/ingest.ts:168:9)\n    at run (src/trigger/ingest.ts:91:5)
tell
end
