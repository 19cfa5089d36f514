# How the handlers of a file's functions are left, as `dis` has them: for each POP_EXCEPT the jump back or the exit that follows.
import dis
import json
import sys


def way_out(instructions, at):
    while True:
        name = instructions[at].opname
        if name == "JUMP_BACKWARD_NO_INTERRUPT":
            return name
        if name == "JUMP_BACKWARD" or name == "JUMP_FORWARD":
            if name == "JUMP_BACKWARD":
                return name
            offsets = [one.offset for one in instructions]
            at = offsets.index(instructions[at].argval)
            continue
        if name.startswith(("RETURN_", "RAISE_")):
            return "exit"
        if name == "RERAISE":
            return None
        at += 1


module = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), module)
answers = {}
for name, function in module.items():
    if hasattr(function, "__code__"):
        instructions = list(dis.get_instructions(function))
        places = [at for at, one in enumerate(instructions) if one.opname == "POP_EXCEPT"]
        ways = [way_out(instructions, at) for at in places]
        answers[name] = sorted(way for way in ways if way)
print(json.dumps(answers))
