#!/bin/sh
# What models say, think and call as plain lines: from chunks of each family,
# through the real program.
. "${srcdir:-.}/tests/flow/lib.sh"

# write_scenario NAME VERSION: a run whose one stream has the parts that are read
# from standard input, a line each.
write_scenario() {
    {
        echo '{"about": "parts", "run": {"task": "speak"},'
        echo '"steps": [{"status": "EXECUTING", "attempt": 1},'
        echo '{"after_ms": 9000, "status": "COMPLETED_SUCCESSFULLY"}],'
        echo '"streams": {"chat": {"version": '"$2"', "steps": ['
        sed -e 's/.*/{"after_ms": 100, "part": &}/' -e '$!s/$/,/'
        echo ']}}}'
    } >"$work/$1.json"
}

# follow NAME [OPTION…]: its plain lines.
follow() {
    name=$1
    shift
    start_sim --scenario "$work/${name%+}.json" --speed 0
    runtail_as "$name" "$(by_endpoint)" --plain --utc "$@" "$run"
    stop_servers
    expect_code "$name" 0 && expect_quiet "$name" && expect_safe "$name" out
}

# expect_parts NAME: the lines of streams, without times and durations, are those
# on standard input.
expect_parts() {
    cat >"$work/want"
    sed -e 's/^[0-9][0-9:.]* //' -e 's/ for [0-9hms.]*$/ for TIME/' \
        -e '/^-- [A-Z0-9]/d' -e '/^-- speak /d' "$work/$1.out" >"$work/got"
    if diff "$work/want" "$work/got" >"$work/diff"; then
        ok "$1"
    else
        not_ok "$1: other lines"
        cat "$work/diff"
    fi
}

write_scenario ui 1 <<'END'
{"type":"start","messageId":"m1"}
{"type":"reasoning-start","id":"r0"}
{"type":"reasoning-delta","id":"r0","delta":"Need the invoice"}
{"type":"reasoning-delta","id":"r0","delta":" total.\nIt is "}
{"type":"reasoning-delta","id":"r0","delta":"in the ledger."}
{"type":"reasoning-end","id":"r0"}
{"type":"tool-input-start","toolCallId":"c1","toolName":"lookupInvoice"}
{"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{\"no\":"}
{"type":"tool-input-available","toolCallId":"c1","toolName":"lookupInvoice","input":{"no":88}}
{"type":"tool-output-available","toolCallId":"c1","output":{"total":"19.90"}}
{"type":"tool-input-available","toolCallId":"c2","toolName":"payInvoice","input":{"no":88}}
{"type":"tool-output-error","toolCallId":"c2","errorText":"no \u001b[31mmoney"}
{"type":"source-url","sourceId":"s","url":"https://example.com/88","title":"Invoice 88"}
{"type":"file","url":"data:image/png;base64,iVBORw0KGgo=","mediaType":"image/png"}
{"type":"data-stage","data":{"at":"paying"}}
{"type":"somebody-elses","n":1}
{"level":"warn","message":"retrying","data":{"try":2}}
{"type":"text-start","id":"t0"}
{"type":"text-delta","id":"t0","delta":"It is 19.90.\n\nNot "}
{"type":"text-delta","id":"t0","delta":"paid."}
{"type":"finish","finishReason":"length"}
END
follow ui && expect_parts ui <<'END'
-- stream chat
~     Need the invoice total.
~     It is in the ledger.
-- stream chat: thought for TIME
tool  lookupInvoice {"no":88}
result lookupInvoice: {"total":"19.90"}
tool  payInvoice {"no":88}
error payInvoice: no ^[[31mmoney
      source: Invoice 88, https://example.com/88
      file: image/png, (image/png, 12 bytes)
      stage {"at":"paying"}
debug somebody-elses {"type":"somebody-elses","n":1}
warn  retrying  {"try":2}
      It is 19.90.
      
      Not paid.
warn  finished: length
END

# Lines are chosen as those of the log are.
follow ui+ --include ledger && expect_parts ui+ <<'END'
-- stream chat
~     It is in the ledger.
-- stream chat: thought for TIME
END

# A level, too: what has none counts as info.
follow ui+ --level warn && expect_parts ui+ <<'END'
-- stream chat
error payInvoice: no ^[[31mmoney
warn  retrying  {"try":2}
warn  finished: length
END
start_sim --scenario "$work/ui.json" --speed 0
runtail_as level "$(by_endpoint)" --json --level warn "$run"
stop_servers
expect_code level 0 && expect_no_text level out '"type":"part"' &&
    ok 'parts and a level'

write_scenario openai 2 <<'END'
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"reasoning_content":"Short, "}}]}
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"reasoning_content":"then."}}]}
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Because of "}}]}
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"scattering."}}]}
{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
{"object":"chat.completion.chunk","choices":[],"usage":{"total_tokens":21}}
{"type":"response.created","response":{"id":"resp_1"}}
{"type":"response.output_item.added","item":{"id":"fc","type":"function_call","name":"forecast","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc","delta":"{\"city\": "}
{"type":"response.function_call_arguments.delta","item_id":"fc","delta":"\"Bergen\"}"}
{"type":"response.output_item.done","item":{"id":"fc","type":"function_call","name":"forecast","arguments":"{\"city\": \"Bergen\"}"}}
{"type":"response.output_text.delta","item_id":"m","content_index":0,"delta":"Rain."}
{"type":"response.output_text.done","item_id":"m","content_index":0,"text":"Rain."}
{"type":"response.failed","response":{"error":{"code":"server_error","message":"out of memory"}}}
END
follow openai && expect_parts openai <<'END'
-- stream chat
~     Short, then.
-- stream chat: thought for TIME
      Because of scattering.
debug usage {"total_tokens":21}
tool  forecast {"city":"Bergen"}
      Rain.
error out of memory  {"code":"server_error","message":"out of memory"}
END

write_scenario bare 2 <<'END'
"Hel"
"lo\nwor"
"ld"
{"rows":[1,2]}
"! and \ud83c\udf89"
" on"
END
follow bare && expect_parts bare <<'END'
-- stream chat
      Hello
      {"rows":[1,2]}
      world! and 🎉 on
END

finish
