"""The tiny model's chat template, and how TRL reads a search out of what the model says.

One dialect serves both: the model emits the action protocol, and the response template tells
`transformers`, which parses for TRL, that `<search lang="…">query</search>` is a call of the tool
`search`. So TRL's loop and CroSearch's give the model the same tokens to read.
"""

START = "<|im_start|>"
END = "<|im_end|>"
PAD = "<|pad|>"
SPECIAL = (START, END, PAD)

CHAT_TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + ('user' if message.role == 'tool' else message.role) + '\n' -}}
{{- message.content or '' -}}
{%- for call in message.tool_calls or [] -%}
{{- '<' + call.function.name -}}
{%- for key, value in call.function.arguments | items if key != 'query' -%}
{{- ' ' + key + '="' + value + '"' -}}
{%- endfor -%}
{{- '>' + (call.function.arguments.query or '') + '</' + call.function.name + '>' -}}
{%- endfor -%}
{{- '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
"""

RESPONSE_TEMPLATE = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "reasoning_content": {"open": "<think>", "close": "</think>", "content": "text"},
        "tool_calls": {
            "open_pattern": r'<search lang="(?P<lang>[a-z,\s]+)">',
            "close": "</search>",
            "repeats": True,
            "content": "text",
            "transform": {
                "type": "function",
                "function": {
                    "name": "search",
                    "arguments": {"lang": "{lang}", "query": "{content}"},
                },
            },
        },
        "content": {"close": END, "content": "text"},
    },
}
