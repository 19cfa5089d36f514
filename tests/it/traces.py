# Runs the programs of a JSON file and prints what each gets at, in order, and where it looks at the eval breaker in between: pairs of a look
# and an access. A look is "C" for one, "" for none, and "?" where the events do not tell.
import io
import json
import re
import signal
import sys

import dis

CALLS = {"CALL", "CALL_KW", "CALL_FUNCTION_EX"}
ACCESSES = {
    "LOAD_GLOBAL": "load", "LOAD_NAME": "load", "STORE_GLOBAL": "store", "STORE_NAME": "store",
    "LOAD_ATTR": "load attribute", "LOAD_SUPER_ATTR": "load attribute", "STORE_ATTR": "store attribute",
    "LOAD_DEREF": "load cell", "STORE_DEREF": "store cell",
    "STORE_SUBSCR": "store element", "STORE_SLICE": "store element", "DELETE_SUBSCR": "delete element", "FOR_ITER": "next", "CONTAINS_OP": "in",
}
UNTOLD = re.compile(r"__(name|module|qualname|firstlineno|static_attributes|classcell|classdict|classdictcell|class)__|super|print_function|e\d+")


class Late(BaseException):
    pass


def late(*_):
    raise Late


def access(op, argument):
    kind = ACCESSES.get(op.replace("_BORROW", ""))
    if kind is None:
        return None
    words = re.findall(r"[A-Za-z_]\w*", argument.replace("NULL|self", "").replace("NULL", ""))
    name = words[-1] if words and kind.split()[0] in ("load", "store") and not kind.endswith("element") else ""
    return None if UNTOLD.fullmatch(name) else (kind + " " + name).strip()


def run(text):
    events, tables, monitor = [], {}, sys.monitoring

    def depth():
        frame, count = sys._getframe(2), 0
        while frame is not None:
            frame, count = frame.f_back, count + 1
        return count

    def instruction(code, offset):
        if code.co_filename != "<program>":
            # Functions of the library that are written in Python look, too.
            if code.co_filename != run.__code__.co_filename and events and events[-1][1] != "library":
                events.append((0, "library", ""))
            return
        if code not in tables:
            tables[code] = {one.offset: (one.opname, one.argrepr) for one in dis.get_instructions(code)}
        events.append((depth(),) + tables[code].get(offset, ("", "")))

    def raised(code, offset, exception):
        if code.co_filename == "<program>":
            events.append((depth(), "raised", ""))

    def called(code, offset, function, argument):
        function = getattr(function, "__func__", function)
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if code.co_filename == "<program>" and flags & 0x20:
            events.append((depth(), "generator", ""))

    monitor.use_tool_id(3, "gilsim")
    monitor.register_callback(3, monitor.events.INSTRUCTION, instruction)
    monitor.register_callback(3, monitor.events.RAISE, raised)
    monitor.register_callback(3, monitor.events.CALL, called)
    kept, sys.stdout = sys.stdout, io.StringIO()
    signal.alarm(5)
    try:
        code = compile(text, "<program>", "exec", 0, True)
        monitor.set_events(3, monitor.events.INSTRUCTION | monitor.events.RAISE | monitor.events.CALL)
        exec(code, {"__name__": "__main__"})
    except (Exception, SystemExit):
        pass
    except Late:
        return None
    finally:
        signal.alarm(0)
        monitor.set_events(3, 0)
        monitor.free_tool_id(3)
        sys.stdout = kept
    return pairs(events)


def pairs(events):
    told, look, pending, last, before = [], "", {}, 0, ""

    def looks(how):
        nonlocal look
        look = "C" if "C" in (look, how) else look or how

    for at, (depth, op, argument) in enumerate(events):
        if op == "library":
            looks("?")
            continue
        if op in ("raised", "generator"):
            # The call is not over, or has only made a generator.
            pending.pop(depth, None)
            continue
        for deeper in [known for known in pending if known > depth]:
            del pending[deeper]
        looks(pending.pop(depth, ""))
        if depth > last:
            # A new frame, or a generator that goes on; what makes a generator does not look.
            looks("?" if "GENERATOR" in op else "C")
        elif depth == last and before.startswith("RETURN_"):
            looks("?")
        # From 3.15 on the call that enters a `with` block does not look (gh-154830).
        enters = before == "LOAD_SPECIAL" and sys.version_info >= (3, 15)
        last, before = depth, op
        found = access(op, argument)
        if found:
            told.append((look, found))
            look = ""
        following = events[at + 1] if at + 1 < len(events) else (depth, "", "")
        if op in CALLS and not enters:
            # Of what goes on deeper, a look may come after the return.
            pending[depth] = "C" if following[0] == depth else "?"
        elif op == "RESUME" or op == "JUMP_BACKWARD":
            looks("C")
        elif following[0] > depth:
            pending[depth] = "?"
    return told


signal.signal(signal.SIGALRM, late)
with io.open(sys.argv[1], encoding="utf-8") as programs:
    print(json.dumps([run(text) for text in json.load(programs)]))
