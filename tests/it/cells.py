# The variables that the functions of a file share with functions inside them, by the names of the functions.
import dis
import json
import sys

with open(sys.argv[1]) as file:
    module = compile(file.read(), "file", "exec")
shared = {}


def look(code):
    names = shared.setdefault(code.co_name, set())
    if hasattr(dis, "get_instructions"):
        names.update(it.argval for it in dis.get_instructions(code) if "DEREF" in it.opname)
    else:
        at = 0
        while at < len(code.co_code):
            opcode = ord(code.co_code[at])
            if "DEREF" in dis.opname[opcode]:
                names.add((code.co_cellvars + code.co_freevars)[ord(code.co_code[at + 1])])
            at += 3 if opcode >= dis.HAVE_ARGUMENT else 1
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            look(constant)


look(module)
# What a class keeps for annotations is no variable of the file.
print(json.dumps({name: sorted(names - {"__classdict__"}) for name, names in shared.items()}))
