//! The layers of a configuration, and how they become one.

use std::{
    io,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::{
    Config, ConfigError,
    origin::{Origin, Origins},
    outline::{self, PARTS},
    references::{References, Referred},
};

/// Where a configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file; without one, `hinny.toml` in the working directory, if it is there.
    pub file: Option<PathBuf>,
    /// The environment: names and values. Those that count are `HINNY_SECTION__KEY`, in upper
    /// case, with two underscores between the levels, `HINNY_SECTION` for a whole section, and
    /// those that the file refers to.
    pub environment: Vec<(String, String)>,
    /// Flags.
    pub flags: Vec<Flag>,
}

/// A value from the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag, for people.
    pub name: String,
    /// The key, such as `api.listen`.
    pub key: String,
    /// The value: TOML, or else text.
    pub value: String,
}

/// A configuration, and where its values come from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where its values come from.
    pub origins: Origins,
}

impl Sources {
    /// The file that is read when none is named.
    pub const FILE: &str = "hinny.toml";

    /// Reads the layers, merges them and checks the result.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let (path, text) = self.read_file()?;
        let (file, referred) = Layer::file(path, &text, &self.environment)?;
        let mut layers = Figment::new().merge(file);
        for layer in self.environment_layers()? {
            layers = layers.merge(layer);
        }
        for flag in &self.flags {
            let path: Vec<_> = flag.key.split('.').collect();
            layers =
                layers.merge(Layer::value(Origin::Flag(flag.name.clone()), &path, &flag.value));
        }
        let merged = layers.find_value("").unwrap_or_else(|_| Value::from(Dict::new()));
        let origins = Origins::new(layers.clone(), merged, text, referred);
        let config: Config =
            layers.extract().map_err(|error| ConfigError::from_figment(&error, &origins))?;
        check_required(&origins)?;
        config.validate().map_err(|error| error.located(&origins))?;
        Ok(Loaded { config, origins })
    }

    fn read_file(&self) -> Result<(PathBuf, String), ConfigError> {
        let path = self.file.clone().unwrap_or_else(|| Path::new(Self::FILE).to_owned());
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {
                Ok((path, String::new()))
            }
            Err(source) => {
                let hint = match source.kind() {
                    io::ErrorKind::NotFound => {
                        "check the path, it counts from the working directory"
                    }
                    _ => "check who may read it, and that it is UTF-8 text",
                };
                Err(ConfigError::File { path, hint, source })
            }
        }
    }

    fn environment_layers(&self) -> Result<Vec<Layer>, ConfigError> {
        let mut variables: Vec<_> = self.environment.iter().collect();
        variables.sort();
        let layers = variables.into_iter().filter_map(|(name, value)| {
            let key = name.strip_prefix("HINNY_")?.to_lowercase();
            let path: Vec<_> = key.split("__").collect();
            // Kubernetes sets HINNY_PORT and the like for a service called hinny, and the client
            // has variables of its own: without a section, a variable is not ours.
            if path.len() > 1 || PARTS.iter().any(|part| part.path == key) {
                let origin = Origin::Environment(name.clone());
                return Some(Ok(Layer::value(origin, &path, value)));
            }
            let meant = meant(&key)?;
            Some(Err(ConfigError::Underscores { name: name.clone(), meant }))
        });
        layers.collect()
    }
}

/// The variable that is meant by one whose levels are not set apart.
fn meant(key: &str) -> Option<String> {
    PARTS.iter().filter(|part| !part.list).find_map(|part| {
        let name = key.strip_prefix(&part.path.replace('.', "_"))?.strip_prefix('_')?;
        let known = part.keys().iter().any(|key| key.name == name);
        known.then(|| format!("HINNY_{}__{name}", part.path.replace('.', "__")).to_uppercase())
    })
}

/// Keys without which an element of a list means nothing.
fn check_required(origins: &Origins) -> Result<(), ConfigError> {
    for part in PARTS.iter().filter(|part| part.list) {
        let list: Vec<&str> = part.path.split('.').collect();
        let Some(Value::Array(_, elements)) = origins.written(&list) else { continue };
        for (place, element) in elements.iter().enumerate() {
            let place = place.to_string();
            let path: Vec<&str> = list.iter().copied().chain([place.as_str()]).collect();
            for key in part.keys().iter().filter(|key| key.required) {
                if element.as_dict().is_some_and(|element| !element.contains_key(key.name)) {
                    return Err(ConfigError::Missing {
                        key: format!("{}.{}", outline::display(&path), key.name),
                        origin: origins.of(&path),
                        kind: key.takes(),
                    });
                }
            }
        }
    }
    Ok(())
}

/// The values of one origin.
struct Layer {
    origin: Origin,
    values: Dict,
}

impl Layer {
    fn file(
        path: PathBuf,
        text: &str,
        environment: &[(String, String)],
    ) -> Result<(Self, Referred), ConfigError> {
        let mut table = toml::from_str::<toml::Table>(text)
            .map_err(|error| ConfigError::Syntax { path: path.clone(), why: error.to_string() })?;
        let origin = Origin::File { path, line: None };
        let referred = References { environment, file: origin.clone() }.replace(&mut table)?;
        Ok((Self { origin, values: dict(table) }, referred))
    }

    /// One value. It is TOML, or else text, so that few values need quotes.
    fn value(origin: Origin, path: &[&str], text: &str) -> Self {
        let table = toml::from_str::<toml::Table>(&format!("value = {text}"));
        let parsed = match table {
            Ok(mut table) if table.len() == 1 => table.remove("value").map(value),
            _ => None,
        };
        let mut nested = parsed.unwrap_or_else(|| Value::from(text));
        for segment in path.iter().rev() {
            nested = Value::from(Dict::from([((*segment).to_owned(), nested)]));
        }
        Self { origin, values: nested.into_dict().unwrap_or_default() }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.origin.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn dict(table: toml::Table) -> Dict {
    table.into_iter().map(|(key, inner)| (key, value(inner))).collect()
}

fn value(value_in_file: toml::Value) -> Value {
    match value_in_file {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        // Settings are JSON in the end, which has no dates.
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(value).collect::<Vec<_>>().into(),
        toml::Value::Table(table) => Value::from(dict(table)),
    }
}
