//! Tells the recorder what there is, and begins with zero what is counted: a counter that is not there before its first step
//! has no step that anybody could see.

use metrics::{Label, counter};

use super::{Described, Kind, Labels, METRICS};

/// Tells the recorder what each metric is; `own` are the program's.
pub fn describe(own: &[Described]) {
    for (name, kind, sentence) in METRICS.iter().chain(own) {
        match kind {
            Kind::Counter | Kind::CounterOf(_) | Kind::CounterBy => {
                metrics::describe_counter!(*name, *sentence);
            }
            Kind::Gauge => metrics::describe_gauge!(*name, *sentence),
            Kind::Histogram => metrics::describe_histogram!(*name, *sentence),
        }
        let all = match kind {
            Kind::Counter => vec![Vec::new()],
            Kind::CounterOf(labels) => combinations(labels),
            _ => Vec::new(),
        };
        for labels in all {
            counter!(*name, labels).increment(0);
        }
    }
}

/// Each value of each label with each of the others.
fn combinations(labels: Labels) -> Vec<Vec<Label>> {
    labels.iter().fold(vec![Vec::new()], |before, (name, values)| {
        let with = |set: &Vec<Label>, value: &&'static str| {
            let mut set = set.clone();
            set.push(Label::from_static_parts(name, value));
            set
        };
        before.iter().flat_map(|set| values.iter().map(move |value| with(set, value))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_meets_each_other() {
        let all = combinations(&[("a", &["1", "2"]), ("b", &["3", "4", "5"])]);
        let texts: Vec<String> =
            all.iter().map(|set| format!("{}{}", set[0].value(), set[1].value())).collect();
        assert_eq!(texts, ["13", "14", "15", "23", "24", "25"]);
        assert_eq!(combinations(&[]), [Vec::new()]);
    }
}
