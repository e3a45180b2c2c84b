# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ask_openai.py HOST CA: what OpenAI's own client is told by a host, as JSON. It never tries again."""

from __future__ import annotations

import json
import ssl
import sys
import time

import httpx2
import openai

MESSAGES = [{"role": "user", "content": "hello"}]


def main(host: str, ca: str) -> None:
    """Ask for models, a chat, and a chat that comes word by word."""
    http = httpx2.Client(verify=ssl.create_default_context(cafile=ca))
    asked = openai.OpenAI(api_key="canary", base_url=f"https://{host}/v1", max_retries=0, http_client=http, timeout=60)
    models = [model.id for model in asked.models.list()]
    chat = asked.chat.completions.create(model=models[0], messages=MESSAGES, max_tokens=8)
    stream = asked.chat.completions.create(model=models[0], messages=MESSAGES, max_tokens=8, stream=True)
    came = [(time.monotonic(), chunk.choices[0].delta.content) for chunk in stream if chunk.choices]
    told = {"models": models, "chat": chat.choices[0].message.content, "tokens": chat.usage.completion_tokens}
    told |= {"words": [word for _, word in came if word], "seconds": came[-1][0] - came[0][0]}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
