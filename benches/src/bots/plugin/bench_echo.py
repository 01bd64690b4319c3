"""Answers `!echo TEXT` with TEXT, as the bot host's own `echo` does."""

from maubot import MessageEvent, Plugin
from maubot.handlers import command


class Echo(Plugin):
    @command.new("echo")
    @command.argument("text", pass_raw=True)
    async def echo(self, event: MessageEvent, text: str) -> None:
        await event.reply(text)
