# The names of the instructions of loop bodies, as `dis` has them: each argument is a body.
import dis
import json
import sys

LOOP = "x = 0\ndef work(d, n):\n    global x\n    for _ in %s(n):\n" % ("range" if sys.version_info[0] > 2 else "xrange")
answers = []
for body in sys.argv[1:]:
    module = {}
    exec(compile(LOOP + "".join("        %s\n" % line for line in body.split("\n")), "<body>", "exec"), module)
    code = module["work"].__code__
    if hasattr(dis, "get_instructions"):
        names = [instruction.opname for instruction in dis.get_instructions(code)]
    else:
        names, at = [], 0
        while at < len(code.co_code):
            opcode = ord(code.co_code[at])
            names.append(dis.opname[opcode])
            at += 3 if opcode >= dis.HAVE_ARGUMENT else 1
    answers.append(names)
print(json.dumps(answers))
