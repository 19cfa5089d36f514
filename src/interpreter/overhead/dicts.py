# Dicts: filled, looked up with names and numbers, changed, walked through and emptied.
WORDS = ["lock", "thread", "count", "owner", "queue", "share", "merge", "wait"]


def work(n):
    total = 0
    by_number = {}
    for number in range(n):
        counts = {}
        for word in WORDS:
            counts[word] = counts.get(word, 0) + number % 5
        counts["lock"] += 1
        if "thread" in counts and "other" not in counts:
            total += counts["count"]
        for word, count in counts.items():
            if len(word) == 5:
                total += count
        by_number[number % 97] = by_number.get(number % 89, 0) + 1
        del counts["wait"]
        total += len(counts) + sum(counts.values())
    return total + sum(by_number.values())
