# A task that asks a model, which reasons, calls a tool, and answers.
at 14:02:10
link live
status EXECUTING
task answer-question
created 14:02:09.800
queued 14:02:09.800
started 14:02:10.100
attempt 1/3
progress 0.2
step Ask the model
tell
log info 14:02:10.300 asking about invoice 88
at 14:02:12
part openai {"type":"start","messageId":"m1"}
part openai {"type":"start-step"}
part openai {"type":"reasoning-start","id":"r0"}
at 14:02:14
part openai {"type":"reasoning-delta","id":"r0","delta":"The customer asks for the total of invoice 88. I"}
part openai {"type":"reasoning-delta","id":"r0","delta":" need the invoice first, so I look it up before I say anything about its total.\nThe"}
log info 14:02:14.100 120 tokens so far
at 14:02:21.800
part openai {"type":"reasoning-delta","id":"r0","delta":" lookup takes the number alone."}
part openai {"type":"reasoning-end","id":"r0"}
part openai {"type":"tool-input-start","toolCallId":"c1","toolName":"lookupInvoice"}
part openai {"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{\"no\":"}
part openai {"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"88}"}
part openai {"type":"tool-input-available","toolCallId":"c1","toolName":"lookupInvoice","input":{"no":88}}
at 14:02:23
part openai {"type":"tool-output-available","toolCallId":"c1","output":{"total":"19.90","currency":"EUR","lines":3}}
part openai {"type":"finish-step"}
part openai {"type":"start-step"}
at 14:02:30
progress 0.6
tell
part openai {"type":"text-start","id":"t0"}
part openai {"type":"text-delta","id":"t0","delta":"Invoice 88 has **three** lines.\nIts total is"}
at 14:02:31.500
part openai {"type":"text-delta","id":"t0","delta":" 19.90"}
