//! The measured loop of the sum.

use crate::python::gil::Holder;
use crate::system::control::{BLOCK, Control};
use std::hint::black_box;
use std::ops::Range;

/// How many numbers are added between two backward jumps.
const LANES: usize = 16;

/// The measured loop: adds up every number of the range, and does something at each backward jump.
///
/// The totals are 64 bits wide where the sum of the range cannot pass that, so that the CPU's vector units can
/// hold several of them, and 128 bits where it can.
#[inline]
fn add_up(range: Range<u64>, at_jump: impl FnMut()) -> u128 {
    if range.end.checked_mul(range.end.saturating_sub(range.start)).is_some() {
        add_up_in(range, 0_u64, u64::wrapping_add, at_jump).into()
    } else {
        add_up_in(range, 0_u128, u128::wrapping_add, at_jump)
    }
}

/// The loop itself, over totals of one width.
///
/// The compiler may not see where a number comes from (`black_box`), or it would put a closed formula in the
/// loop's place. As many running totals as numbers a jump let the CPU add several at a time.
#[inline]
fn add_up_in<T: Copy + From<u64>>(
    range: Range<u64>,
    nothing: T,
    add: impl Fn(T, T) -> T,
    mut at_jump: impl FnMut(),
) -> T {
    let mut totals = [nothing; LANES];
    let mut number = range.start;
    while range.end - number >= LANES as u64 {
        let first = black_box(number);
        for (total, offset) in totals.iter_mut().zip(0..) {
            *total = add(*total, T::from(first.wrapping_add(offset)));
        }
        number += LANES as u64;
        at_jump();
    }
    for (total, number) in totals.iter_mut().zip(number..range.end) {
        *total = add(*total, T::from(black_box(number)));
    }
    totals.into_iter().fold(nothing, add)
}

/// The loop of a worker that needs no lock.
#[inline(never)]
#[must_use]
pub fn sum(range: Range<u64>) -> u128 {
    add_up(range, || {})
}

/// The loop of a worker under the global lock, which looks at the drop request at each backward jump.
#[inline(never)]
#[must_use]
pub fn sum_under_lock(range: Range<u64>, holder: &mut Holder<'_>) -> u128 {
    add_up(range, || holder.look())
}

/// How many numbers a worker adds between two looks at the stop: the cheapest update there is, eight of them in a
/// nanosecond, so that the look would show in the blocks that suit the others.
pub const SUM_BLOCK: u64 = 8 * BLOCK;

/// Sums a worker's part in blocks, so that a stop is obeyed.
pub(super) fn in_blocks(
    range: Range<u64>,
    worker: usize,
    control: &Control,
    mut sum: impl FnMut(Range<u64>) -> u128,
) -> u128 {
    let mut at = range.start;
    let mut total = 0;
    for block in control.blocks(worker, range.end.saturating_sub(range.start), SUM_BLOCK) {
        total += sum(at..at + block);
        at += block;
    }
    total
}

/// A sum of 64-bit numbers as a result. It is below 2^127 for any range, so nothing is cut off.
pub(super) fn result(total: u128) -> i128 {
    i128::try_from(total).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::gil::Gil;
    use crate::python::version::HandOff;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn the_loop_adds_every_number(start: u64, shift in 0_u32..64, length in 0_u64..100) {
            // Small numbers as often as great ones: the totals of the two are not of one width.
            let start = (start >> shift).min(u64::MAX - length);
            let expected: u128 = (start..start + length).map(u128::from).sum();
            prop_assert_eq!(sum(start..start + length), expected);
            let gil = Gil::new(1, HandOff::Interval(Duration::from_millis(5)));
            prop_assert_eq!(sum_under_lock(start..start + length, &mut gil.enter(0)), expected);
        }
    }
}
