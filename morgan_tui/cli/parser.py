"""The command line: commands, options and their help. Imports nothing of the core."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from morgan_tui.cli.width import terminal_columns

DESCRIPTION = "A private assistant that lives in the terminal and knows your documents."
EPILOG = "Exit codes: 0 done, 1 failed, 2 usage, 3 unhealthy, 130 interrupted."
SCOPES = (
    "In the text the same is said by @name of a file, #name of a folder (quoted with spaces), "
    "type:pdf, after:2024-05, before:2024, modified:7d (or 12h, 2w, 3m, 1y, today). "
    "A backslash before such a word makes it text."
)

Fill = Callable[[argparse.ArgumentParser], None]
if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse ``argv``; leaves the process with code 2 and a sentence when it cannot.

    ``run`` of the result names the handler as ``module:function``, or is ``app``, ``headless``
    or ``version``.
    """
    parser = _parser(_command_in(argv))
    args = parser.parse_args(argv)
    if args.version:
        args.run = "version"
    elif args.headless and args.command is not None:
        parser.error("--headless takes no command")
    elif args.headless or args.command == "serve":
        args.run = "headless"
    elif args.command is None:
        args.run = "app"
        if args.json:
            parser.error("--json needs a command")
    if args.run != "headless" and (args.host is not None or args.port is not None):
        parser.error("--host and --port go with --headless")
    if args.run in ("headless", "doctor", "bench", "eval") and args.connect:
        parser.error("--connect needs a command that asks a running Morgan")
    return args


def _command_in(argv: Sequence[str]) -> str | None:
    """The command that ``argv`` begins with; None when that is not plain."""
    words = iter(argv)
    for word in words:
        if word in ("--data-dir", "--connect", "--host", "--port"):
            next(words, None)
        elif word not in ("--json", "--headless"):
            return word if word in COMMANDS else None
    return None


def _parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of every command, or of the ``only`` one: to build all takes 10 ms."""
    common = argparse.ArgumentParser(add_help=False, formatter_class=_Help)
    _common_options(common, default=argparse.SUPPRESS)
    parser = argparse.ArgumentParser(
        prog="morgan-tui",
        description=DESCRIPTION,
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=_Help,
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    parser.add_argument("--headless", action="store_true", help="serve HTTP, without a screen")
    _address(parser, default=None)
    _common_options(parser, default=None)
    parser.set_defaults(json=False, command=None, run="")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", prog=parser.prog
    )
    for name in COMMANDS if only is None else (only,):
        text, run, fill = COMMANDS[name]
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            parents=[common],
            allow_abbrev=False,
            formatter_class=_Help,
        )
        command.set_defaults(run=run)
        if fill is not None:
            fill(command)
    return parser


class _Help(argparse.HelpFormatter):
    """As wide as the terminal, which argparse imports ``shutil`` to ask for."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_columns(sys.__stdout__) - 2)


def _common_options(parser: argparse.ArgumentParser, *, default: object) -> None:
    parser.add_argument("--json", action="store_true", default=default, help="JSON on stdout")
    parser.add_argument("--data-dir", metavar="DIR", default=default, help="where Morgan's data is")
    parser.add_argument(
        "--connect", metavar="URL", default=default, help="use the Morgan that serves URL"
    )


def _address(parser: argparse.ArgumentParser, *, default: object) -> None:
    parser.add_argument("--host", default=default, help="address to bind (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=default, help="TCP port to bind (8080)")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give 0 to 65535")
    return port


def _limit(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return number


def _scope_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope",
        metavar="PATH",
        action="append",
        default=[],
        help="only this file or folder; may be given several times",
    )
    parser.add_argument(
        "--type",
        metavar="TYPE",
        action="append",
        default=[],
        help="only documents of this type: pdf, docx, slides, mail, code …; also several times",
    )
    parser.add_argument(
        "--after", metavar="DATE", help="only what was changed from then on: 2024, 2024-05-31, 7d"
    )
    parser.add_argument("--before", metavar="DATE", help="only what was changed before then")
    parser.epilog = SCOPES


WHOLE = (
    "Questions about all documents are counted rather than generated: how many PDFs do I have, what"
    " is new this week, which documents mention X, how often is X mentioned. Summarise @name quotes"
    " its central sentences."
)


def _why_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--why", action="store_true", help="tell what was found, sent to the model and left out"
    )


def _ask(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("question", nargs="*", metavar="QUESTION", help="stdin when left out")
    _scope_option(ask)
    _why_option(ask)
    ask.add_argument(
        "--own-knowledge",
        action="store_true",
        help="ask the model itself, not your documents; the answer is marked as such",
    )
    ask.epilog = f"{WHOLE} {SCOPES}"
    chat = ask.add_mutually_exclusive_group()
    chat.add_argument("--chat", metavar="ID", help="go on with this conversation")
    chat.add_argument("--last", action="store_true", help="go on with the latest conversation")


def _search(search: argparse.ArgumentParser) -> None:
    search.add_argument("query", nargs="+", metavar="QUERY")
    search.add_argument("--limit", type=_limit, metavar="N", help="at most N results")
    search.add_argument("--chats", action="store_true", help="search the conversations instead")
    _scope_option(search)


def _learn(learn: argparse.ArgumentParser) -> None:
    learn.add_argument(
        "paths", nargs="+", metavar="PATH", help="file, folder, or URL of a page to fetch now"
    )
    learn.add_argument(
        "--watch",
        action="store_true",
        help="keep the folders watched; a page is refreshed by learning it again",
    )
    learn.add_argument("--no-wait", action="store_true", help="wait only until words find them")
    learn.epilog = "--json prints how far it is, an object per line; the last line is the job."


def _forget(forget: argparse.ArgumentParser) -> None:
    forget.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, URL or document id")
    forget.add_argument(
        "--prove",
        action="store_true",
        help="look through every store for what is left; exit code 1 if anything is",
    )


def _library(library: argparse.ArgumentParser) -> None:
    actions = _actions(library)
    _action(actions, "list", "list every document and its state", "library:library")
    _action(actions, "pause", "read and embed nothing until resumed", "library:pause")
    _action(actions, "resume", "go on reading and embedding", "library:resume")


def _watch(watch: argparse.ArgumentParser) -> None:
    actions = _actions(watch)
    for name, text, run in (
        ("add", "watch folders", "library:watch_add"),
        ("remove", "stop watching folders", "library:watch_remove"),
    ):
        action = _action(actions, name, text, run)
        action.add_argument("paths", nargs="+", metavar="PATH")
        if name == "remove":
            action.add_argument("--forget", action="store_true", help="remove their documents too")
    _action(actions, "list", "list the watched folders", "library:watch_list")


def _serve(serve: argparse.ArgumentParser) -> None:
    _address(serve, default=argparse.SUPPRESS)


def _bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("names", nargs="*", metavar="NAME", help="benchmarks; all when left out")
    bench.add_argument("--quick", action="store_true", help="tiny sizes, to see that all works")
    bench.add_argument("--chunks", type=int, metavar="N", help="size of the searched index")
    bench.add_argument("--files", type=int, metavar="N", help="size of the reconciled folder")
    bench.add_argument("--beir", type=os.path.abspath, metavar="DIR", help="judged collections")


def _evaluate(evaluate: argparse.ArgumentParser) -> None:
    what = evaluate.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", metavar="FOLDER", help="your own documents")
    what.add_argument("--beir", metavar="DIR", help="a judged collection in BEIR layout")
    what.add_argument("--squad", metavar="FILE", help="questions in SQuAD 2 format")
    evaluate.add_argument("--split", metavar="NAME", help="of --beir: test (else dev, train)")
    evaluate.add_argument(
        "--answers", type=_limit, metavar="N", help="of --squad: also generate N answers"
    )
    evaluate.add_argument("--model", metavar="NAME", help="chat model of --answers")
    evaluate.add_argument(
        "--queries", type=_limit, metavar="N", help="of FOLDER: how many to make up (100)"
    )
    evaluate.epilog = (
        "Everything goes into a throw-away index: your library is neither used nor changed. "
        "A run that was broken off goes on where it was."
    )


def _actions(command: argparse.ArgumentParser) -> Actions:
    return command.add_subparsers(dest="action", metavar="ACTION", prog=command.prog)


def _action(actions: Actions, name: str, text: str, run: str) -> argparse.ArgumentParser:
    action = actions.add_parser(
        name, help=text, description=text, allow_abbrev=False, formatter_class=_Help
    )
    _common_options(action, default=argparse.SUPPRESS)
    action.set_defaults(run=run)
    return action


def _chats(chats: argparse.ArgumentParser) -> None:
    actions = _actions(chats)
    _action(actions, "list", "list the conversations, newest first", "chats:list_all")
    show = _action(actions, "show", "print a conversation", "chats:show")
    show.add_argument("id", metavar="ID")
    _why_option(show)
    search = _action(actions, "search", "find messages by their words", "chats:search")
    search.add_argument("query", nargs="+", metavar="QUERY")
    export = _action(actions, "export", "write a conversation as Markdown", "chats:export")
    export.add_argument("id", metavar="ID")
    export.add_argument("-o", "--output", metavar="FILE", help="a file instead of stdout")
    delete = _action(actions, "delete", "delete conversations", "chats:delete")
    delete.add_argument("ids", nargs="+", metavar="ID")


def _models(models: argparse.ArgumentParser) -> None:
    actions = _actions(models)
    _action(actions, "list", "list the models", "models:list_all")
    for name, text in (
        ("use", "make a model the chat model"),
        ("test", "load a model and generate a token"),
        ("pull", "download a model"),
    ):
        _action(actions, name, text, f"models:{name}").add_argument("name", metavar="NAME")


COMMANDS: dict[str, tuple[str, str, Fill | None]] = {
    "ask": ("one answer from your documents; a pipe on stdin is context", "ask:ask", _ask),
    "search": ("the best passages for a query", "search:search", _search),
    "learn": ("take in files and folders, and wait until they are ready", "learn:learn", _learn),
    "forget": ("remove documents and keep them out", "forget:forget", _forget),
    "library": ("every document and its state; pause, resume", "library:library", _library),
    "watch": ("watched folders: add, remove, list", "library:watch_list", _watch),
    "chats": ("conversations: list, show, search, export, delete", "chats:list_all", _chats),
    "models": ("models: list, use, test, pull", "models:list_all", _models),
    "serve": ("serve HTTP, without a screen", "headless", _serve),
    "health": ("ask the running Morgan how it is; exit code 0 or 3", "health:health", None),
    "doctor": ("what is set up, what is wrong, and the mend; exit code 0 or 3", "doctor", None),
    "eval": ("measure search and answers on judged data", "eval", _evaluate),
    "bench": ("measure this machine against the bare parts (in a checkout)", "bench", _bench),
}
"""Each command's help, its handler (``module:function``), and what adds its arguments."""
