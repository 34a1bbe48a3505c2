//! Several of one system, by name.

use futures_util::future::join_all;

use super::{Probed, api::Api, failure::Failure};
use crate::{
    config::{Mistake, Places, Spanned, called},
    dispatch::UserError,
    locale::Locale,
};

/// An entry of dingops.toml for a system: `[[jenkins]]`.
///
/// Every one has `name`, `default`, `url`, `ca` and `proxy` beside what is its own.
pub(crate) trait Entry: Sized {
    /// What is made of it.
    type Settings;
    /// What the section is called.
    const KIND: &'static str;
    /// What the system calls itself, in one word: behind it stands the name of an instance.
    const TITLE: &'static str;

    /// Its `name`.
    fn name(&self) -> Option<&Spanned<String>>;

    /// Its `default`.
    fn is_default(&self) -> bool;

    /// Checks its values. `title` is what the instance is called in a sentence.
    ///
    /// # Errors
    /// The first that cannot be used: the instance is turned off.
    fn check(self, title: String, places: &Places<'_>) -> Result<Self::Settings, Mistake>;
}

/// The instances of a system.
#[derive(Debug, Clone)]
pub struct Instances<S>(Vec<Instance<S>>);

/// One of them.
#[derive(Debug, Clone)]
struct Instance<S> {
    /// What `--on` calls it; none where it is the only one and was given no name.
    name: Option<String>,
    /// What it is called in a sentence: `Jenkins dev`.
    title: String,
    /// Whether it is meant where `--on` is left out.
    is_default: bool,
    /// Its settings, or why it is turned off.
    settings: Result<S, Mistake>,
}

impl<S> Default for Instances<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S> Instances<S> {
    /// Checks the entries of a system. One with an unusable value is turned off, and the others stay.
    ///
    /// # Errors
    /// When names are missing or taken, or more than one is the default.
    pub(crate) fn check<E: Entry<Settings = S>>(
        entries: Vec<Spanned<E>>,
        places: &Places<'_>,
    ) -> Result<Self, Mistake> {
        let several = entries.len() > 1;
        let mut instances: Vec<Instance<S>> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let (at, entry) = (entry.span(), entry.into_inner());
            let is_default = entry.is_default();
            let name = match entry.name() {
                Some(name) => Some((called(name.clone(), &[], places)?, name.span())),
                None if several => {
                    let problem =
                        format!("expected a name, since there are several [[{}]], came none", E::KIND);
                    return Err(places.mistake(at, problem));
                }
                None => None,
            };
            for other in &instances {
                if let Some((name, at)) = &name
                    && other.name.as_ref().is_some_and(|other| other.to_lowercase() == name.to_lowercase())
                {
                    return Err(places.unexpected(at.clone(), "expected a name of its own", name));
                }
                if is_default && other.is_default {
                    return Err(places.mistake(at, "expected one default, came a second".into()));
                }
            }
            let name = name.map(|(name, _)| name);
            let title = match &name {
                Some(name) => format!("{} {name}", E::TITLE),
                None => E::TITLE.to_owned(),
            };
            let settings = match places.unusable(E::KIND, index) {
                Some(mistake) => Err(mistake.clone()),
                None => entry.check(title.clone(), places),
            };
            instances.push(Instance { name, title, is_default, settings });
        }
        Ok(Self(instances))
    }

    /// Asks each of them that is not turned off for its version.
    pub(super) async fn probe<'s, F>(&'s self, version: impl Fn(&'s S) -> F) -> Vec<Probed>
    where
        F: Future<Output = Result<String, Failure>>,
    {
        let probe = async |instance: &'s Instance<S>| {
            let answer = match &instance.settings {
                Ok(settings) => Some(version(settings).await),
                Err(_) => None,
            };
            Probed { title: instance.title.clone(), answer }
        };
        join_all(self.0.iter().map(probe)).await
    }

    /// How those that are not turned off are reached.
    pub(super) fn apis<'s>(&'s self, api: impl Fn(&'s S) -> &'s Api) -> Vec<&'s Api> {
        self.0.iter().filter_map(|instance| instance.settings.as_ref().ok()).map(api).collect()
    }

    /// What is wrong with those that are turned off; none where there is no instance at all.
    pub fn off(&self) -> Option<Vec<&Mistake>> {
        let wrong = self.0.iter().filter_map(|instance| instance.settings.as_ref().err());
        (!self.0.is_empty()).then(|| wrong.collect())
    }

    /// The canonical value of `--on`: the name as the settings have it.
    ///
    /// # Errors
    /// When none is called so, or none is meant where it is left out.
    pub fn choose(&self, on: Option<&str>, locale: Locale) -> Result<Option<String>, UserError> {
        let is_meant = |instance: &&Instance<S>| match (on, &instance.name) {
            (Some(on), Some(name)) => name.to_lowercase() == on.to_lowercase(),
            (Some(_), None) => false,
            (None, _) => instance.is_default || self.0.len() == 1,
        };
        if let Some(instance) = self.0.iter().find(is_meant) {
            return Ok(instance.name.clone());
        }
        let names: Vec<&str> = self.0.iter().filter_map(|instance| instance.name.as_deref()).collect();
        let names = names.join(&locale.say("usage.separator", &[]));
        Err(UserError(match on {
            Some(_) if names.is_empty() => locale.say("systems.no_names", &[]),
            Some(on) => locale.say("systems.no_such_instance", &[("name", &on), ("names", &names)]),
            None => locale.say("systems.which_instance", &[("names", &names)]),
        }))
    }

    /// The one that [`Instances::choose`] chose; none where it is turned off, which is no mistake in what was typed:
    /// [`Instances::get`] tells it to who would use it.
    pub fn usable(&self, on: Option<&str>) -> Option<&S> {
        let found = self.0.iter().find(|instance| instance.name.as_deref() == on)?;
        found.settings.as_ref().ok()
    }

    /// The one that [`Instances::choose`] chose.
    ///
    /// # Errors
    /// When it is turned off.
    pub fn get(&self, on: Option<&str>, locale: Locale) -> Result<&S, UserError> {
        let found = self.0.iter().find(|instance| instance.name.as_deref() == on);
        match found.map(|instance| (instance, instance.settings.as_ref())) {
            Some((_, Ok(settings))) => Ok(settings),
            Some((instance, Err(_))) => {
                Err(UserError(locale.say("systems.off", &[("system", &instance.title)])))
            }
            None => Err(UserError(locale.say("systems.no_names", &[]))),
        }
    }
}
