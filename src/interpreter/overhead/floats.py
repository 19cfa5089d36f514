# Floating point: points that move on circles, and a sum of what comes of it.
def work(n):
    x, y = 1.0, 0.0
    sine, cosine = 0.0099998333341666645, 0.9999500004166653
    energy = 0.0
    inside = 0
    for number in range(n):
        x, y = x * cosine - y * sine, x * sine + y * cosine
        distance = (x * x + y * y) ** 0.5
        energy += 0.5 * (x - y) / distance
        real = imaginary = 0.0
        for _ in range(8):
            real, imaginary = real * real - imaginary * imaginary + x * 0.5, 2.0 * real * imaginary + y * 0.5
            if real * real + imaginary * imaginary > 4.0:
                break
        else:
            inside += 1
    return inside + int(energy * 1000)
