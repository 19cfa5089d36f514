# Strings: joined, split, searched, replaced, formatted and compared.
TEXT = "what one thread stores between the load and the store of another is overwritten"


def work(n):
    total = 0
    for number in range(n):
        words = TEXT.split(" ")
        words[number % len(words)] = "%d-%s" % (number % 1000, words[0])
        line = " ".join(words).replace("store", "keep").upper()
        if line.startswith("WHAT") or line.endswith("!"):
            total += line.find("LOAD")
        total += len(line[5:-5]) + len("{0}:{1}".format(number % 100, words[-1]))
        total += sum(1 for letter in line[:20] if letter in "AEIOU")
    return total
