//! `VITARAD_` variables. A variable's text is never parsed before it is known what the setting wants: the secret
//! `0123456789` keeps its zero, and no error ever quotes it.

use std::collections::BTreeMap;
use std::fs;

use figment::Figment;
use figment::util::nest;
use figment::value::{Dict, Value};
use vitarad_actors::domain::ids::ClinicId;

use super::Layer;
use super::manual::Manual;
use crate::config::key::Key;
use crate::config::nearest::nearest;
use crate::config::problem::Problem;

const PREFIX: &str = "VITARAD_";
const FILE: &str = "_FILE";

type Variables = BTreeMap<String, String>;
type Names = BTreeMap<String, Setting>;

/// What a variable sets.
#[derive(Clone)]
struct Setting {
    key: String,
    form: Form,
    /// The text names a file that holds the value.
    in_file: bool,
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Whole,
    Flag,
    /// Separated by commas.
    List,
    /// The secrets of a list's first credential, one a line.
    WebhookSecrets,
}

/// One layer a variable, so that each value knows its own.
pub(super) fn laid_over(
    layers: Figment,
    manual: &Manual,
    environment: impl Iterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) -> Figment {
    let variables: Variables = environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let names = names(manual, &layers);
    variables.keys().fold(layers, |layers, name| match read(name, &variables, &names) {
        Ok(given) => {
            let layer = given.layer(&layers);
            layers.merge(layer)
        }
        Err(problem) => {
            problems.push(problem);
            layers
        }
    })
}

fn names(manual: &Manual, layers: &Figment) -> Names {
    let mut names = Names::new();
    for (key, specimen) in manual.of_the_house() {
        let form = match specimen {
            Value::Num(..) => Form::Whole,
            Value::Bool(..) => Form::Flag,
            Value::Array(..) => Form::List,
            _ => Form::Text,
        };
        let name = key.to_string().to_uppercase().replace('.', "__");
        enter(&mut names, &name, key.to_string(), form, key.is_secret());
    }
    enter(&mut names, "WEBHOOK_SECRET", "webhook.credentials".to_owned(), Form::WebhookSecrets, true);
    let clinics = layers.find_value("clinics").ok().and_then(Value::into_dict).unwrap_or_default();
    for id in clinics.keys().filter(|id| ClinicId::parse(id).is_ok()) {
        let name = format!("CLINIC_{}", id.to_uppercase().replace('-', "_"));
        let key = Key::clinic(id);
        let (password, webhook) = (key.child("emr").child("password"), key.child("webhook"));
        enter(&mut names, &format!("{name}_EMR_PASSWORD"), password.to_string(), Form::Text, true);
        enter(&mut names, &format!("{name}_WEBHOOK_SECRET"), webhook.to_string(), Form::WebhookSecrets, true);
    }
    names
}

fn enter(names: &mut Names, name: &str, key: String, form: Form, is_secret: bool) {
    if is_secret {
        let in_file = Setting { key: key.clone(), form, in_file: true };
        names.insert(format!("{PREFIX}{name}{FILE}"), in_file);
    }
    names.insert(format!("{PREFIX}{name}"), Setting { key, form, in_file: false });
}

/// A variable's text, or that of the file it names.
struct Given {
    setting: Setting,
    text: String,
    origin: String,
}

fn read(name: &str, variables: &Variables, names: &Names) -> Result<Given, Problem> {
    let Some(setting) = names.get(name) else { return Err(unknown(name, names)) };
    let setting = setting.clone();
    let text = variables.get(name).cloned().unwrap_or_default();
    if !setting.in_file {
        return Ok(Given { setting, text, origin: format!("environment variable {name}") });
    }
    let direct = name.trim_end_matches(FILE);
    if variables.contains_key(direct) {
        return Err(Problem {
            key: setting.key,
            origin: format!("environment variables {direct} and {name}"),
            what: "is set twice".to_owned(),
            fix: "unset one of the two".to_owned(),
        });
    }
    match fs::read_to_string(&text) {
        Ok(held) => {
            let origin = format!("file {text} (named by {name})");
            Ok(Given { setting, text: without_newline(held), origin })
        }
        // The text is not quoted: it may be the secret itself, given to the wrong variable.
        Err(error) => Err(Problem {
            key: setting.key,
            origin: format!("environment variable {name}"),
            what: format!("names a file that cannot be read: {error}"),
            fix: "name a file of text that this user may read".to_owned(),
        }),
    }
}

fn unknown(name: &str, names: &Names) -> Problem {
    let known = nearest(name, names.keys().map(String::as_str)).unwrap_or_default();
    Problem {
        key: name.to_owned(),
        origin: format!("environment variable {name}"),
        what: "no such setting".to_owned(),
        fix: format!("did you mean {known}?"),
    }
}

/// Editors and `echo` end a file with one.
fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

impl Given {
    fn layer(self, below: &Figment) -> Layer {
        let Setting { key, form, .. } = self.setting;
        let value = form.value(&self.text, || below.find_value(&key).ok());
        Layer { origin: self.origin, values: nest(&key, value).into_dict().unwrap_or_default() }
    }
}

impl Form {
    /// What has not the form stays text; reading the settings will tell.
    fn value(self, text: &str, below: impl FnOnce() -> Option<Value>) -> Value {
        match self {
            Self::Text => text.into(),
            Self::Whole => text.trim().parse::<i64>().map_or_else(|_| text.into(), Value::from),
            Self::Flag => text.trim().parse::<bool>().map_or_else(|_| text.into(), Value::from),
            Self::List => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>().into()
            }
            Self::WebhookSecrets => {
                let mut credentials = below().and_then(Value::into_array).unwrap_or_default();
                if credentials.is_empty() {
                    credentials.push(Dict::from([("scheme".to_owned(), "hmac".into())]).into());
                }
                if let Some(Value::Dict(_, first)) = credentials.first_mut() {
                    first.insert("secrets".to_owned(), text.lines().collect::<Vec<_>>().into());
                }
                credentials.into()
            }
        }
    }
}
