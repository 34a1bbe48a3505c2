//! `DINGOPS_SECRETS`: variables in one, as a store of secrets keeps them.
//!
//! A deployment hands over what a store holds without knowing what that is. A variable of its own goes before it,
//! unless it is empty.

use std::{collections::BTreeMap, sync::OnceLock};

use crate::config::{ConfigError, Env};

const NAME: &str = "DINGOPS_SECRETS";

static SECRETS: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// Takes them in, once and before anything asks for a variable.
///
/// # Errors
/// When it is no JSON object of texts. Nothing of it is repeated.
pub(super) fn take_in(env: Env<'_>) -> Result<(), ConfigError> {
    let Some(text) = env(NAME).filter(|text| !text.is_empty()) else { return Ok(()) };
    let secrets = serde_json::from_str(&text).map_err(|_| ConfigError::Variable {
        name: NAME,
        problem:
            "expected a JSON object of texts such as {\"DINGTALK_APP_SECRET\":\"…\"}, came something else"
                .into(),
    })?;
    SECRETS.get_or_init(|| secrets);
    Ok(())
}

/// One of them.
pub(super) fn get(name: &str) -> Option<String> {
    SECRETS.get()?.get(name).cloned()
}
