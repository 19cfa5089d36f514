# The names of the instructions of a loop body, as `dis` has them: the body is the first argument.
import dis
import json
import sys

LOOP = "x = 0\ndef work(d, n):\n    global x\n    for _ in %s(n):\n" % ("range" if sys.version_info[0] > 2 else "xrange")
module = {}
exec(compile(LOOP + "".join("        %s\n" % line for line in sys.argv[1].split("\n")), "<body>", "exec"), module)
code = module["work"].__code__
if hasattr(dis, "get_instructions"):
    names = [instruction.opname for instruction in dis.get_instructions(code)]
else:
    names, at = [], 0
    while at < len(code.co_code):
        opcode = ord(code.co_code[at])
        names.append(dis.opname[opcode])
        at += 3 if opcode >= dis.HAVE_ARGUMENT else 1
print(json.dumps(names))
