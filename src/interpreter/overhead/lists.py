# Lists: made, extended, indexed, sliced, sorted, reversed, and taken apart again.
def work(n):
    total = 0
    for number in range(n):
        numbers = [number % 13, number % 7, 5]
        for item in range(8):
            numbers.append(item ^ number % 5)
        numbers.extend(numbers[2:5])
        numbers.sort()
        numbers[0] = numbers[-1]
        squares = [item * item for item in numbers if item]
        first, second = squares[0], squares[1]
        squares.reverse()
        while len(squares) > 4:
            total += squares.pop()
        total += sum(squares) + first - second + numbers.index(5)
    return total
