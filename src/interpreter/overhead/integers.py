# Whole numbers: small ones and some beyond 64 bits, divided, shifted and compared.
def common_divisor(one, other):
    while other:
        one, other = other, one % other
    return one


def work(n):
    total = 0
    state = 1
    for number in range(1, n + 1):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xffffffffffffffff
        low = state >> 40
        total += common_divisor(low, number) + (low ^ number) % 1000
        if number & 1 and low > number:
            total -= low // number % 10
        while low & 1:
            low >>= 1
            total += 1
    return total
