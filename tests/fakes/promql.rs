//! As much of PromQL as somebody types to try it: names with matchers, `rate`, what folds series by labels, and whether
//! they are more or less than a number.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{expression, prometheus::Course};

/// A value at a time in seconds, of what is stored or of what is made of it.
pub type Made<'s> = Box<dyn Fn(i64) -> Option<String> + 's>;

/// A query.
pub enum Query<'q> {
    Select { name: &'q str, matchers: Vec<(&'q str, &'q str, &'q str)> },
    Rate { of: Box<Query<'q>>, seconds: i64 },
    Compare { of: Box<Query<'q>>, how: &'q str, number: f64 },
    Fold { how: &'q str, by: Vec<&'q str>, of: Box<Query<'q>> },
}

const COMPARISONS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];
const FOLDS: [&str; 5] = ["sum", "avg", "max", "min", "count"];

impl<'q> Query<'q> {
    /// Reads a query, or says where that ended.
    pub fn read(query: &'q str) -> Result<Self, String> {
        let mut reader = Reader { query, at: 0 };
        let read = reader.query().filter(|_| reader.rest().is_empty());
        read.ok_or_else(|| reader.complaint())
    }

    /// What it gives of these series.
    pub fn of<'s>(&self, stored: &[(&'s Value, &'s Course)]) -> Vec<(Value, Made<'s>)> {
        match self {
            Self::Select { name, matchers } => {
                let fits = |metric: &Value| {
                    let label = |name: &str| metric[name].as_str().unwrap_or_default();
                    (name.is_empty() || label("__name__") == *name)
                        && matchers.iter().all(|(name, how, value)| fits(label(name), how, value))
                };
                let found = stored.iter().filter(|(metric, _)| fits(metric));
                found.map(|(metric, course)| ((*metric).clone(), Box::new(*course) as Made)).collect()
            }
            Self::Rate { of, seconds } => {
                let seconds = *seconds;
                let rate = |(mut metric, course): (Value, Made<'s>)| {
                    metric.as_object_mut().map(|labels| labels.remove("__name__"));
                    let number = move |at| course(at)?.parse::<f64>().ok();
                    let rate = move |at| {
                        Some(((number(at)? - number(at - seconds)?) / seconds as f64).max(0.0).to_string())
                    };
                    (metric, Box::new(rate) as Made)
                };
                of.of(stored).into_iter().map(rate).collect()
            }
            Self::Compare { of, how, number } => {
                let (how, number) = ((*how).to_owned(), *number);
                let compare = |(metric, course): (Value, Made<'s>)| {
                    let how = how.clone();
                    let kept = move |at| course(at).filter(|value| compares(value, &how, number));
                    (metric, Box::new(kept) as Made)
                };
                of.of(stored).into_iter().map(compare).collect()
            }
            Self::Fold { how, by, of } => {
                let mut groups: BTreeMap<Vec<(String, String)>, Vec<Made>> = BTreeMap::new();
                for (metric, course) in of.of(stored) {
                    let label = |name: &&str| Some(((*name).to_owned(), metric[*name].as_str()?.to_owned()));
                    groups.entry(by.iter().filter_map(label).collect()).or_default().push(course);
                }
                let how = FOLDS.into_iter().find(|fold| fold == how).unwrap_or_default();
                let fold = |(labels, courses): (Vec<(String, String)>, Vec<Made<'s>>)| {
                    let metric = labels.into_iter().collect::<BTreeMap<_, _>>();
                    let fold = move |at| {
                        folded(
                            how,
                            &courses
                                .iter()
                                .filter_map(|course| course(at)?.parse().ok())
                                .collect::<Vec<f64>>(),
                        )
                    };
                    (json!(metric), Box::new(fold) as Made)
                };
                groups.into_iter().map(fold).collect()
            }
        }
    }
}

fn folded(how: &str, numbers: &[f64]) -> Option<String> {
    let sum: f64 = numbers.iter().sum();
    let folded = match how {
        _ if numbers.is_empty() => return None,
        "sum" => sum,
        "avg" => sum / numbers.len() as f64,
        "max" => numbers.iter().copied().fold(f64::MIN, f64::max),
        "min" => numbers.iter().copied().fold(f64::MAX, f64::min),
        _ => numbers.len() as f64,
    };
    Some(folded.to_string())
}

fn compares(value: &str, how: &str, number: f64) -> bool {
    value.parse::<f64>().is_ok_and(|value| match how {
        "==" => value == number,
        "!=" => value != number,
        ">=" => value >= number,
        "<=" => value <= number,
        ">" => value > number,
        _ => value < number,
    })
}

fn fits(label: &str, how: &str, value: &str) -> bool {
    match how {
        "=" => label == value,
        "!=" => label != value,
        "=~" => expression::fits(value, label),
        _ => !expression::fits(value, label),
    }
}

struct Reader<'q> {
    query: &'q str,
    at: usize,
}

impl<'q> Reader<'q> {
    fn rest(&mut self) -> &'q str {
        self.at += self.query[self.at..].len() - self.query[self.at..].trim_start().len();
        &self.query[self.at..]
    }

    fn takes(&mut self, sign: &str) -> Option<()> {
        let is_next = self.rest().starts_with(sign);
        is_next.then(|| self.at += sign.len())
    }

    fn word(&mut self) -> Option<&'q str> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(rest.len());
        self.at += end;
        Some(&rest[..end]).filter(|word| !word.is_empty())
    }

    fn query(&mut self) -> Option<Query<'q>> {
        let of = self.operand()?;
        let Some(how) = COMPARISONS.into_iter().find(|how| self.takes(how).is_some()) else {
            return Some(of);
        };
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || ".-e".contains(c))).unwrap_or(rest.len());
        let number = rest[..end].parse().ok()?;
        self.at += end;
        Some(Query::Compare { of: Box::new(of), how, number })
    }

    fn operand(&mut self) -> Option<Query<'q>> {
        let is_nameless = self.rest().starts_with('{');
        let name = if is_nameless { Some("") } else { self.word() };
        match name.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))? {
            "rate" => {
                self.takes("(")?;
                let of = Box::new(self.operand()?);
                self.takes("[")?;
                let length = self.word()?;
                let (number, unit) = length.split_at(length.len() - 1);
                let seconds = number.parse::<i64>().ok()?
                    * [("s", 1), ("m", 60), ("h", 3600)].iter().find(|(name, _)| *name == unit)?.1;
                self.takes("]")?;
                self.takes(")").map(|()| Query::Rate { of, seconds })
            }
            how if FOLDS.contains(&how) => {
                let before = self.by()?;
                self.takes("(")?;
                let of = Box::new(self.query()?);
                self.takes(")")?;
                let by = [before, self.by()?].concat();
                Some(Query::Fold { how, by, of })
            }
            name => {
                let mut matchers = Vec::new();
                if self.takes("{").is_some() {
                    while self.takes("}").is_none() {
                        matchers.push(self.matcher()?);
                        if self.takes(",").is_none() {
                            self.takes("}")?;
                            break;
                        }
                    }
                }
                Some(Query::Select { name, matchers })
            }
        }
    }

    fn by(&mut self) -> Option<Vec<&'q str>> {
        let mut labels = Vec::new();
        if !self.rest().starts_with("by") {
            return Some(labels);
        }
        self.takes("by")?;
        self.takes("(")?;
        while self.takes(")").is_none() {
            labels.push(self.word()?);
            if self.takes(",").is_none() {
                self.takes(")")?;
                break;
            }
        }
        Some(labels)
    }

    fn matcher(&mut self) -> Option<(&'q str, &'q str, &'q str)> {
        let name = self.word()?;
        let how = ["=~", "!~", "!=", "="].into_iter().find(|how| self.takes(how).is_some())?;
        let quote = ["\"", "'"].into_iter().find(|quote| self.takes(quote).is_some())?;
        let end = self.query[self.at..].find(quote)?;
        let value = &self.query[self.at..self.at + end];
        self.at += end + 1;
        Some((name, how, value))
    }

    fn complaint(&mut self) -> String {
        let rest = self.rest();
        let column = self.query[..self.at].chars().count() + 1;
        let what = match (rest.chars().next(), self.word()) {
            (None, _) => "unexpected end of input".to_owned(),
            (_, Some(word)) => format!("unexpected identifier \"{word}\""),
            (Some(sign), None) => format!("unexpected character: '{sign}'"),
        };
        // What it says is no complaint of a real one: what it cannot read may well be PromQL.
        let known = "names with {labels}, == and the like with a number, rate, sum, avg, min, max, count";
        format!("this Prometheus is simulated and reads only: {known}; it stopped at 1:{column}: {what}")
    }
}
