//! Order statistics: on a noisy machine a mean says little.

/// The value below which `percent` of the sorted samples lie, by nearest rank.
pub(super) fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) p10: f64,
    pub(super) median: f64,
    pub(super) p90: f64,
}

impl Spread {
    /// `None` of no samples.
    pub(super) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |percent| percentile(&sorted, percent);
        (!sorted.is_empty()).then(|| Spread { p10: at(10.0), median: at(50.0), p90: at(90.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_of_five_samples_in_any_order() {
        let samples = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(Spread::of(&samples), Some(Spread { p10: 1.0, median: 3.0, p90: 5.0 }));
        assert_eq!(Spread::of(&[]), None);
    }
}
