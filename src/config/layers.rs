//! The three layers of the configuration, the lowest first: what is built in, a file, the environment.

mod environment;
mod file;
pub(super) mod manual;

use std::path::Path;

use figment::value::{Dict, Map};
use figment::{Error, Figment, Metadata, Profile, Provider};

use self::manual::Manual;
use super::problem::Problem;
use super::tree::Tree;

const BUILT_IN: &str = "default.toml";

/// Values that came from one place.
struct Layer {
    origin: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// A file that cannot be read or parsed is the only problem told: most others would follow from it.
pub(super) fn merged(
    manual: &Manual,
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) -> Result<Tree, Problem> {
    let built_in = Layer { origin: BUILT_IN.to_owned(), values: file::parse(manual::TEXT, BUILT_IN)? };
    let mut layers = Figment::from(built_in);
    if let Some(path) = file {
        layers = layers.merge(file::read(path, problems)?);
    }
    Ok(Tree::of(environment::laid_over(layers, manual, environment, problems)))
}
