# Calls of functions: with positions, names and defaults, recursive, and of functions made within functions.
def add(first, second=1, third=2):
    return first + second - third


def height(levels):
    if levels == 0:
        return 0
    return 1 + max(height(levels - 1), height(levels - 1))


def adder(amount):
    def with_amount(number):
        return number + amount
    return with_amount


def work(n):
    total = 0
    five = adder(5)
    for number in range(n):
        total += add(number) + add(number, 3) + add(number, third=4)
        total += five(number)
        total += height(3)
    return total
