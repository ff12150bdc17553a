//! From settings to weights.

use std::collections::BTreeMap;

use hinny_plugin::ranker::{Input, InputType, PRIORITY_MAX, SettingError, Settings};
use serde::Deserialize;

use crate::{
    Weighted,
    term::{Rule, Weight},
};

/// Most terms: the host takes 64 inputs, and two are the age and the asked priority.
const TERMS_MAX: usize = 62;

const TERMS: &str = "a list of terms like {\"input\": \"/scan_level\", \"weight\": -100}";

/// `age_per_hour` where nothing else counts: it only gives the direction.
const AGE_ALONE: f64 = 1.0;

/// One term as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    input: String,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    label: Option<String>,
    weight: Option<f64>,
    per: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    values: Option<BTreeMap<String, f64>>,
    others: Option<f64>,
    absent: Option<f64>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Integer,
    Float,
    Flag,
    Text,
}

/// Reads all settings, and refuses what makes no sense.
pub(crate) fn read(settings: &Settings) -> Result<Weighted, String> {
    settings.deny_unknown(&["terms", "base", "age_per_hour", "asked_first", "refresh_seconds"])?;
    let terms: Vec<Term> = settings.json("terms", TERMS)?.unwrap_or_default();
    if terms.len() > TERMS_MAX {
        let count = format_args!("a list of {}", terms.len());
        return Err(SettingError::new("terms", count, format_args!("at most {TERMS_MAX}")).into());
    }
    let mut weights = Vec::with_capacity(terms.len() + 1);
    for (at, term) in terms.into_iter().enumerate() {
        let input = term.input.clone();
        let wrong = |why| format!("setting `terms`, number {} (`{input}`): {why}", at + 1);
        weights.push(term.into_weight().map_err(wrong)?);
    }
    // Without any rule the older goes first, as everywhere in hinny.
    let per_hour = if weights.is_empty() { AGE_ALONE } else { 0.0 };
    weights.extend(age(number_or(settings, "age_per_hour", per_hour)?));
    Ok(Weighted {
        base: number_or(settings, "base", 0.0)?,
        asked_first: settings.flag("asked_first")?.unwrap_or(false),
        refresh_ms: settings.integer_in("refresh_seconds", 0, 0..=86_400)? as u64 * 1000,
        weights,
    })
}

/// Each hour of waiting moves a task forward. Later tasks are moved back instead, by the time of
/// their creation: the order is the same, and stands still, so that nothing has to be refreshed.
fn age(per_hour: f64) -> Option<Weight> {
    let input = Input::well_known("created-at").filter(|_| per_hour != 0.0);
    input.map(|input| Weight {
        label: "time of creation".to_owned(),
        input: Input { name: "age_per_hour".to_owned(), ..input },
        rule: Rule::Age { per_hour },
        absent: 0.0,
    })
}

fn number_or(settings: &Settings, key: &str, default: f64) -> Result<f64, SettingError> {
    let value = settings.float(key)?.unwrap_or(default);
    if value.is_finite() && value.abs() <= PRIORITY_MAX as f64 {
        return Ok(value);
    }
    let bounds = format_args!("a number from -{PRIORITY_MAX} to {PRIORITY_MAX}");
    Err(SettingError::new(key, value, bounds))
}

impl Term {
    fn into_weight(self) -> Result<Weight, String> {
        let kind = self.kind()?;
        let input = self.source(kind)?;
        let label = self.label.clone().unwrap_or_else(|| self.input.clone());
        let absent = self.absent.unwrap_or(0.0);
        let rule = match kind {
            Kind::Integer | Kind::Float => self.number_rule()?,
            Kind::Flag => self.flag_rule()?,
            Kind::Text => self.text_rule()?,
        };
        Ok(Weight { label, input, rule, absent })
    }

    /// What is said, or what follows from the rest.
    fn kind(&self) -> Result<Kind, String> {
        let fixed = match Input::well_known(&self.input).map(|input| input.kind) {
            Some(InputType::Text) => Some(Kind::Text),
            Some(_) => Some(Kind::Integer),
            None => None,
        };
        match (fixed, self.kind) {
            (Some(fixed), Some(said)) if fixed != said => {
                Err(format!("its type is {fixed:?}, not {said:?}").to_lowercase())
            }
            (Some(kind), _) | (None, Some(kind)) => Ok(kind),
            (None, None) if self.values.is_some() => Ok(Kind::Text),
            (None, None) => Ok(Kind::Float),
        }
    }

    fn source(&self, kind: Kind) -> Result<Input, String> {
        if let Some(input) = Input::well_known(&self.input) {
            return Ok(input);
        }
        if !self.input.starts_with('/') {
            return Err("expected a JSON pointer like `/scan_level`, or one of created-at, wait, \
                        base-priority, attempts, organisation, task-type, last-run-at, \
                        last-run-status, last-run-duration"
                .to_owned());
        }
        let kind = match kind {
            Kind::Integer => InputType::Integer,
            Kind::Float => InputType::Float,
            Kind::Flag => InputType::Flag,
            Kind::Text => InputType::Text,
        };
        Ok(Input::pointer(self.input.as_str(), kind))
    }

    fn number_rule(&self) -> Result<Rule, String> {
        deny("number", self.values.is_some(), "values")?;
        deny("number", self.others.is_some(), "others")?;
        let (weight, per) = (self.weight()?, self.per.unwrap_or(1.0));
        if per <= 0.0 {
            return Err(format!("`per` is {per}, expected more than 0"));
        }
        let min = self.min.unwrap_or(f64::NEG_INFINITY);
        let max = self.max.unwrap_or(f64::INFINITY);
        if min > max {
            return Err(format!("`min` is {min}, more than `max`, which is {max}"));
        }
        Ok(Rule::Number { factor: weight / per, min, max })
    }

    fn flag_rule(&self) -> Result<Rule, String> {
        self.deny_bounds("flag")?;
        deny("flag", self.values.is_some(), "values")?;
        deny("flag", self.others.is_some(), "others")?;
        Ok(Rule::Flag { weight: self.weight()? })
    }

    fn text_rule(&self) -> Result<Rule, String> {
        self.deny_bounds("text")?;
        deny("text", self.weight.is_some(), "weight")?;
        let Some(weights) = self.values.clone() else {
            return Err("text needs `values`, a weight for each text".to_owned());
        };
        Ok(Rule::Text { weights, others: self.others.unwrap_or(0.0) })
    }

    fn weight(&self) -> Result<f64, String> {
        self.weight.ok_or_else(|| "it needs a `weight`".to_owned())
    }

    fn deny_bounds(&self, kind: &str) -> Result<(), String> {
        deny(kind, self.per.is_some(), "per")?;
        deny(kind, self.min.is_some(), "min")?;
        deny(kind, self.max.is_some(), "max")
    }
}

fn deny(kind: &str, is_set: bool, key: &str) -> Result<(), String> {
    if is_set { Err(format!("`{key}` means nothing for a {kind}")) } else { Ok(()) }
}
