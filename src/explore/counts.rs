//! Numbers of schedules as limbs of 64 bits, the lowest first.

use num_bigint::BigUint;

/// How many limbs a count of schedules of so many steps needs: there are at most workers^steps.
pub(super) fn limbs(workers: usize, steps: usize) -> usize {
    let bits = match workers {
        0 | 1 => 1,
        2 => steps + 1,
        3 => steps * 1585 / 1000 + 2, // log2(3) is just below 1.585
        _ => 2 * steps + 1,
    };
    bits.div_ceil(64)
}

/// Gives each count more limbs.
pub(super) fn widen(counts: &mut Vec<u64>, from: usize, to: usize) {
    let mut wide = Vec::with_capacity(counts.len() / from.max(1) * to);
    for count in counts.chunks_exact(from.max(1)) {
        wide.extend_from_slice(count);
        wide.resize(wide.len() + to - from, 0);
    }
    *counts = wide;
}

/// Adds a count to another of the same length, which is a parameter so that the compiler unrolls the loop.
#[inline]
pub(super) fn add<const LIMBS: usize>(sum: &mut [u64], more: &[u64]) {
    let mut carry = false;
    for limb in 0..LIMBS {
        (sum[limb], carry) = sum[limb].carrying_add(more[limb], carry);
    }
    debug_assert!(!carry, "limbs() allows for every schedule");
}

/// The number that limbs stand for.
pub(super) fn from_limbs(limbs: &[u64]) -> BigUint {
    let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    BigUint::from_bytes_le(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_limbs_for_every_schedule() {
        for steps in 1..400_u32 {
            for workers in 1..=4_u32 {
                let most = num_bigint::BigUint::from(workers).pow(steps);
                let limbs = limbs(workers as usize, steps as usize);
                assert!(most.bits() <= 64 * limbs as u64, "{workers}^{steps}");
            }
        }
    }

    #[test]
    fn counts_carry_and_widen() {
        let mut sum = [u64::MAX, u64::MAX, 0];
        add::<3>(&mut sum, &[1, 0, 0]);
        assert_eq!(sum, [0, 0, 1]);
        let mut counts = vec![1, 2, 3, 4];
        widen(&mut counts, 2, 3);
        assert_eq!(counts, [1, 2, 0, 3, 4, 0]);
    }
}
