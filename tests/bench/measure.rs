//! Pairs and medians. Ours and its ceiling are measured in turn, and the ratio is taken within a
//! pair, so that what else happens on the machine falls on both.

use serde::Serialize;

/// Whatever keeps a figure from being measured, as one sentence.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Of each half of a pair.
    pub seconds: u32,
    pub pairs: u32,
}

/// A figure as it was measured; all three are medians of the pairs.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    pub ours: f64,
    pub ceiling: f64,
    /// `ours / ceiling` of a pair.
    pub ratio: f64,
    pub unit: &'static str,
    /// What the ceiling is, and what a reader has to know.
    pub note: String,
}

impl Plan {
    /// Measures `ours` and `ceiling` in turn; who goes first changes from pair to pair.
    pub async fn paired(
        self,
        unit: &'static str,
        note: impl Into<String>,
        mut ours: impl AsyncFnMut() -> Result<f64>,
        mut ceiling: impl AsyncFnMut() -> Result<f64>,
    ) -> Result<Measured> {
        let mut pairs = Vec::new();
        for number in 0..self.pairs {
            let pair = if number % 2 == 0 {
                let first = ours().await?;
                (first, ceiling().await?)
            } else {
                let first = ceiling().await?;
                (ours().await?, first)
            };
            pairs.push(pair);
        }
        Ok(Measured {
            ours: median(pairs.iter().map(|(ours, _)| *ours)),
            ceiling: median(pairs.iter().map(|(_, ceiling)| *ceiling)),
            ratio: median(pairs.iter().map(|(ours, ceiling)| ours / ceiling)),
            unit,
            note: note.into(),
        })
    }
}

/// The middle value, or the mean of the two in the middle; not a number without any.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The value up to which so many of a hundred are; not a number without any.
pub fn quantile(mut took: Vec<f64>, percentile: usize) -> f64 {
    took.sort_by(f64::total_cmp);
    let at = (took.len() * percentile).div_ceil(100).saturating_sub(1);
    took.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median([9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median([]).is_nan());
    }

    #[tokio::test]
    async fn the_ratio_is_taken_within_a_pair() {
        let plan = Plan { seconds: 1, pairs: 3 };
        let mut ours = [10.0, 40.0, 30.0].into_iter();
        let mut ceiling = [20.0, 40.0, 300.0].into_iter();
        let measured = plan.paired(
            "1/s",
            "",
            async || ours.next().ok_or_else(|| "no more".into()),
            async || ceiling.next().ok_or_else(|| "no more".into()),
        );
        let measured = measured.await.unwrap();
        assert!((measured.ratio - 0.5).abs() < f64::EPSILON, "{measured:?}");
        assert!((measured.ours - 30.0).abs() < f64::EPSILON, "{measured:?}");
        assert!((measured.ceiling - 40.0).abs() < f64::EPSILON, "{measured:?}");
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert!((quantile(values.clone(), 50) - 100.0).abs() < f64::EPSILON);
        assert!((quantile(values, 99) - 198.0).abs() < f64::EPSILON);
        assert!(quantile(Vec::new(), 50).is_nan());
    }
}
