//! Kendall's τ: how alike two orders are.

/// The τ of an order against 0, 1, 2 …, for a permutation; none with fewer than two.
///
/// τ = 1 − 4·I / (n·(n − 1)), where I is the number of pairs in the other order (M. G. Kendall, "A
/// new measure of rank correlation", Biometrika 30, 1938); without ties, as positions are, τ-a and
/// τ-b are the same. Counted while sorting by merging, in n·log n (W. R. Knight, 1966).
pub(crate) fn kendall_tau(mut permutation: Vec<u32>) -> Option<f64> {
    let n = permutation.len() as f64;
    if permutation.len() < 2 {
        return None;
    }
    let inversions = inversions(&mut permutation);
    Some(1.0 - 4.0 * inversions as f64 / (n * (n - 1.0)))
}

/// How many pairs are in the wrong order. Sorts.
fn inversions(items: &mut [u32]) -> u64 {
    let mut buffer = Vec::with_capacity(items.len());
    let (mut count, mut width) = (0, 1);
    while width < items.len() {
        for pair in items.chunks_mut(2 * width) {
            if let Some((left, right)) = pair.split_at_mut_checked(width) {
                count += merge(left, right, &mut buffer);
                pair.copy_from_slice(&buffer);
            }
        }
        width *= 2;
    }
    count
}

/// Merges two sorted halves; the answer is how many pairs were in the wrong order.
fn merge(left: &[u32], right: &[u32], merged: &mut Vec<u32>) -> u64 {
    merged.clear();
    let (mut left, mut right, mut count) = (left, right, 0);
    while let (Some((first, others)), Some((second, rest))) =
        (left.split_first(), right.split_first())
    {
        if second < first {
            count += left.len() as u64;
            merged.push(*second);
            right = rest;
        } else {
            merged.push(*first);
            left = others;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_one_for_the_same_order_and_minus_one_for_the_reverse() {
        assert_eq!(kendall_tau((0..1000).collect()), Some(1.0));
        assert_eq!(kendall_tau((0..1000).rev().collect()), Some(-1.0));
        assert_eq!(kendall_tau(vec![1, 0, 2, 3]), Some(1.0 - 4.0 / 12.0));
        assert_eq!(kendall_tau(vec![0]), None);
    }

    proptest! {
        #[test]
        fn pairs_in_the_wrong_order_are_counted(items in prop::collection::vec(0_u32..50, 0..60)) {
            let wrong = |at: usize| items[at + 1..].iter().filter(|later| **later < items[at]).count();
            let naive: usize = (0..items.len()).map(wrong).sum();
            let mut sorted = items.clone();
            prop_assert_eq!(inversions(&mut sorted), naive as u64);
            prop_assert!(sorted.is_sorted());
        }
    }
}
