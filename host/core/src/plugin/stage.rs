//! By degrees: which part of the tasks a version ranks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which part of the tasks an activated version decides about. A shadow and a canary run beside the
/// version that was active, which goes on deciding about all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// All of them.
    #[default]
    Active,
    /// None: it is asked, compared, and not listened to.
    Shadow,
    /// A share.
    Canary(Share),
}

/// A share of all tasks, in hundredths of a percent: more than nothing, less than all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// Text that is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share, expected more than 0 % and less than 100 %, such as `5%` or `0.5%`")]
pub struct InvalidShare(String);

/// Text that is not a stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stage, expected `active`, `shadow` or a canary such as `canary 5%`")]
pub struct InvalidStage(String);

impl Share {
    /// In so many equal parts all tasks are divided.
    pub const PARTS: u16 = 10_000;

    /// How many of them belong to the share.
    pub fn parts(self) -> u16 {
        self.0
    }
}

impl Stage {
    /// Whether it runs beside another version.
    pub fn is_trial(self) -> bool {
        self != Self::Active
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 100.0)
    }
}

impl FromStr for Share {
    type Err = InvalidShare;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidShare(text.escape_default().take(32).collect());
        let number = text.trim().trim_end_matches('%').trim_end();
        let percent: f64 = number.parse().map_err(|_| invalid())?;
        let parts = percent * f64::from(Self::PARTS) / 100.0;
        if parts.round() >= 1.0 && parts.round() < f64::from(Self::PARTS) {
            Ok(Self(parts.round() as u16))
        } else {
            Err(invalid())
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Shadow => f.write_str("shadow"),
            Self::Canary(share) => write!(f, "canary {share}"),
        }
    }
}

impl FromStr for Stage {
    type Err = InvalidStage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidStage(text.escape_default().take(64).collect());
        match text {
            "active" => Ok(Self::Active),
            "shadow" => Ok(Self::Shadow),
            other => {
                let share = other.strip_prefix("canary ").ok_or_else(invalid)?;
                share.parse().map(Self::Canary).map_err(|_| invalid())
            }
        }
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_read_as_it_is_written() {
        for text in ["active", "shadow", "canary 5%", "canary 0.01%", "canary 99.99%"] {
            assert_eq!(text.parse::<Stage>().unwrap().to_string(), text);
        }
        assert_eq!("5".parse::<Share>(), "5 %".parse());
    }

    #[test]
    fn nothing_and_all_are_no_shares() {
        for text in ["0", "0.001%", "100%", "99.999", "-5%", "NaN", "many", ""] {
            assert_eq!(text.parse::<Share>(), Err(InvalidShare(text.to_owned())), "{text}");
        }
        assert!("canary".parse::<Stage>().is_err());
    }
}
