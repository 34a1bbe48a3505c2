//! Series as a chat shows them: labels said once, what their values come to, and a line drawn in text.

use super::client::{Labels, Sample};
use crate::{dispatch::Ctx, text};

/// Letters of the labels of one series.
const MAX_LABELS: usize = 120;
/// The name of what is measured, among the labels.
const NAME: &str = "__name__";
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where nothing was measured.
const GAP: char = '·';

/// What the labels of several have in common; nothing of one alone.
pub(super) fn common<'l>(mut all: impl Iterator<Item = &'l Labels>) -> Labels {
    let Some(mut common) = all.next().cloned() else { return Labels::new() };
    let mut is_alone = true;
    for labels in all {
        is_alone = false;
        common.retain(|name, value| labels.get(name) == Some(value));
    }
    if is_alone { Labels::new() } else { common }
}

/// The labels that are not said already: `up instance=db1:9100`.
pub(super) fn named(labels: &Labels, said: &Labels) -> String {
    let unsaid = |name: &str| labels.get_key_value(name).filter(|(name, _)| !said.contains_key(*name));
    let others = labels.keys().filter(|name| *name != NAME).filter_map(|name| unsaid(name));
    let others = others.map(|(name, value)| format!("{name}={value}"));
    let all = unsaid(NAME).map(|(_, name)| name.clone()).into_iter().chain(others);
    text::cut(&all.collect::<Vec<_>>().join(" "), MAX_LABELS)
}

/// The same of one among several: one without any label has its braces.
pub(super) fn apart(labels: &Labels, said: &Labels) -> String {
    match named(labels, said) {
        name if name.is_empty() => "{}".to_owned(),
        name => name,
    }
}

/// What the values of a series come to; none where nothing was measured.
pub(super) fn told(values: &[Sample], ctx: &Ctx) -> Option<String> {
    let numbers = values.iter().filter_map(|sample| Some((number(sample)?, &sample.1)));
    let numbers: Vec<(f64, &String)> = numbers.collect();
    let Sample(_, last) = values.last()?;
    let least = numbers.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = numbers.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let (Some((_, min)), Some((_, max))) = (least, most) else {
        return Some(ctx.locale.say("prometheus.no_numbers", &[("last", last)]));
    };
    let (min, max, last) = (shown(min), shown(max), shown(last));
    let sum: f64 = numbers.iter().map(|(number, _)| number).sum();
    #[expect(clippy::cast_precision_loss, reason = "no series has so many points")]
    let average = short(sum / numbers.len() as f64);
    let values: [(&str, &dyn std::fmt::Display); 4] =
        [("min", &min), ("average", &average), ("max", &max), ("last", &last)];
    Some(ctx.locale.say("prometheus.told", &values))
}

/// A series as a line, a bar for so many of the points at these times in seconds, as high as they are on average; where
/// all are missing or no numbers is a gap.
pub(super) fn drawn(values: &[Sample], times: impl Iterator<Item = i64>, each: usize) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a time of this age")]
    let at = |time: i64| values.iter().find(|Sample(at, _)| at.round() as i64 == time).and_then(number);
    let points: Vec<Option<f64>> = times.map(at).collect();
    let points: Vec<Option<f64>> = points.chunks(each).map(average).collect();
    let finite = || points.iter().flatten().copied().filter(|number| number.is_finite());
    let (least, most) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let bar = |point: &Option<f64>| match point {
        None => GAP,
        Some(number) if *number == f64::INFINITY => BARS[7],
        Some(number) if *number == f64::NEG_INFINITY => BARS[0],
        // Whether a host that stays as it is is up or down should be seen.
        Some(_) if least >= most => BARS[if least == 0.0 { 0 } else { 3 }],
        Some(number) => {
            // Halves first: the difference of two numbers may be more than the greatest.
            let part = (number / 2.0 - least / 2.0) / (most / 2.0 - least / 2.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 7")]
            let step = (part * 7.0).round() as usize;
            BARS[step.min(7)]
        }
    };
    points.iter().map(bar).collect()
}

/// The average of those that are numbers.
fn average(points: &[Option<f64>]) -> Option<f64> {
    let numbers: Vec<f64> = points.iter().flatten().copied().collect();
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let count = numbers.len() as f64;
    // Parts first: the sum may be more than the greatest.
    numbers.iter().map(|number| number / count).reduce(|sum, part| sum + part).filter(|it| !it.is_nan())
}

/// The value of a sample; none for what is no number.
fn number(sample: &Sample) -> Option<f64> {
    let number = match sample.1.as_str() {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        value => value.parse().ok()?,
    };
    (!number.is_nan()).then_some(number)
}

/// A value of Prometheus as people write it: `0.091` for `9.1e-02`. What a sum of fractions has beyond the digits that a
/// float is sure of goes.
pub(super) fn shown(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && number.fract() == 0.0 => written(number),
        Ok(number) if number.is_finite() => rounded(number, 15),
        _ => value.to_owned(),
    }
}

/// A computed number to six digits, as Prometheus would write it.
fn short(number: f64) -> String {
    match number {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        number if number.is_nan() => "NaN".to_owned(),
        number => rounded(number, 6),
    }
}

fn rounded(number: f64, digits: usize) -> String {
    written(format!("{number:.*e}", digits - 1).parse().unwrap_or(number))
}

fn written(number: f64) -> String {
    let is_plain = number == 0.0 || (1e-6..1e21).contains(&number.abs());
    if is_plain { number.to_string() } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(values: &[&str]) -> Vec<Sample> {
        let sample = |(at, value): (i32, &&str)| Sample(f64::from(at), (*value).to_owned());
        (0..).zip(values).map(sample).collect()
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn common_labels_are_said_once() {
        let (a, b) = (
            labels(&[("__name__", "up"), ("job", "node"), ("instance", "a")]),
            labels(&[("__name__", "up"), ("job", "node"), ("instance", "b")]),
        );
        let said = common([&a, &b].into_iter());
        assert_eq!(named(&said, &Labels::new()), "up job=node");
        assert_eq!(named(&b, &said), "instance=b");
        assert_eq!(named(&a, &common([&a].into_iter())), "up instance=a job=node");
    }

    #[test]
    fn a_line_has_gaps_and_ends() {
        assert_eq!(drawn(&series(&["0", "NaN", "7", "+Inf", "-Inf", "3"]), 0..8, 1), "▁·██▁▄··");
        assert_eq!(drawn(&series(&["5", "5"]), 0..2, 1), "▄▄");
        assert_eq!(drawn(&series(&["0", "0"]), 0..2, 1), "▁▁");
        assert_eq!(drawn(&series(&["-1", "-1"]), 0..2, 1), "▄▄");
        assert_eq!(drawn(&series(&["NaN"]), 0..1, 1), "·");
        assert_eq!(drawn(&series(&["-1.7e308", "1.7e308"]), 0..2, 1), "▁█");
        assert_eq!(drawn(&series(&["0", "NaN", "7", "7", "NaN", "NaN", "0", "1"]), 0..7, 2), "▁█·▁");
        assert_eq!(drawn(&series(&["1.7e308", "1.7e308", "+Inf", "-Inf"]), 0..4, 2), "▄·");
    }

    #[test]
    fn computed_numbers_are_short() {
        for (number, shown) in [
            (1.0 / 3.0, "0.333333"),
            (123_456_789.0, "123457000"),
            (0.0, "0"),
            (1.5e-9, "1.5e-9"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(short(number), shown);
        }
    }

    #[test]
    fn values_are_as_people_write_them() {
        for (value, told) in [
            ("0e+00", "0"),
            ("1e+00", "1"),
            ("9.1e-02", "0.091"),
            ("0.30000000000000004", "0.3"),
            ("1767225600.123", "1767225600.123"),
            ("1767225600123456800", "1767225600123456800"),
            ("1.5e-09", "1.5e-9"),
            ("NaN", "NaN"),
            ("+Inf", "+Inf"),
            ("-Inf", "-Inf"),
            ("", ""),
        ] {
            assert_eq!(shown(value), told);
        }
    }

    proptest! {
        #[test]
        fn fifteen_digits_are_kept(digits in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0..20) {
            let value = format!("{digits}e-{scale}");
            prop_assert_eq!(shown(&value).parse::<f64>(), value.parse::<f64>());
        }

        #[test]
        fn a_line_has_a_mark_for_each_of_its_times(numbers in prop::collection::vec(any::<f64>(), 0..80), each in 1_usize..90) {
            let values: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let values = series(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let line = drawn(&values, 0..80, each);
            prop_assert_eq!(line.chars().count(), 80_usize.div_ceil(each));
            prop_assert!(line.chars().all(|c| c == GAP || BARS.contains(&c)));
        }
    }
}
