//! What the environment tells beside the file: the app's secret and ids.

use url::Url;

use super::{ConfigError, Env};
use crate::{
    dingtalk::{
        robot::Credentials,
        signature::{InvalidSecret, Secret},
    },
    dispatch::confirm::code::CodeKey,
    text,
};

/// What the environment tells beside the file.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `DINGTALK_APP_SECRET`
    pub secret: Secret,
    /// `DINGTALK_APP_SECRET_PREVIOUS`
    pub previous: Option<Secret>,
    /// `DINGTALK_ROBOT_CODE`: only callbacks of this robot are taken.
    pub robot_code: Option<String>,
    /// `DINGTALK_APP_KEY`: with the robot's code, turns the OpenAPI on.
    pub app_key: Option<String>,
    /// `DINGOPS_CODE_KEY`: the key of confirmation codes; without it one is derived from the secret.
    pub code_key: Option<CodeKey>,
    /// `DINGOPS_SELF_URL`: the function's own address, where its host freezes the process after the response.
    pub self_url: Option<Url>,
}

impl Environment {
    /// An app's secret, and nothing else.
    pub fn new(secret: Secret) -> Self {
        Self { secret, previous: None, robot_code: None, app_key: None, code_key: None, self_url: None }
    }

    /// What turns the OpenAPI on, where it is.
    pub fn credentials(&self) -> Option<Credentials> {
        let (key, robot_code) = (self.app_key.clone()?, self.robot_code.clone()?);
        Some(Credentials { key, secret: self.secret.clone(), robot_code })
    }

    /// The app's secret and, during a rotation, the one before it.
    pub fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.secret).chain(&self.previous).collect()
    }

    /// The keys of confirmation codes, the one that new codes are made with first.
    pub fn code_keys(&self) -> Vec<CodeKey> {
        let derived = || self.secrets().into_iter().map(CodeKey::derived).collect();
        self.code_key.clone().map_or_else(derived, |key| vec![key])
    }

    /// Reads the variables.
    ///
    /// # Errors
    /// When the secret is missing, or one is unusable. No value is repeated.
    pub fn read(env: Env<'_>) -> Result<Self, ConfigError> {
        let secret = |name: &'static str| {
            let unusable = |error: InvalidSecret| ConfigError::Variable { name, problem: error.to_string() };
            let Some(text) = env(name) else { return Ok(None) };
            // systemd takes them off a line of its file, Docker and Kubernetes leave them.
            if is_quoted(&text) {
                let problem = "expected the app's Client Secret, came one with quotes around it".into();
                return Err(ConfigError::Variable { name, problem });
            }
            Secret::new(text).map(Some).map_err(unusable)
        };
        let id = |name: &'static str| match env(name).filter(|id| !id.is_empty()) {
            Some(id) if id.trim() != id || is_quoted(&id) => {
                let problem =
                    "expected an id such as dingxxxxxxxx, came one with a blank or quotes around it".into();
                Err(ConfigError::Variable { name, problem })
            }
            id => Ok(id),
        };
        let (robot_code, app_key) = (id("DINGTALK_ROBOT_CODE")?, id("DINGTALK_APP_KEY")?);
        if app_key.is_some() && robot_code.is_none() {
            let problem = "expected the robot's code beside DINGTALK_APP_KEY, came nothing: the OpenAPI sends in its name";
            return Err(ConfigError::Variable { name: "DINGTALK_ROBOT_CODE", problem: problem.into() });
        }
        let code_key = env("DINGOPS_CODE_KEY").filter(|key| !key.is_empty()).map(|key| CodeKey::new(&key));
        let code_key = code_key.transpose().map_err(|error| ConfigError::Variable {
            name: "DINGOPS_CODE_KEY",
            problem: error.to_string(),
        })?;
        let self_url = env("DINGOPS_SELF_URL").filter(|url| !url.is_empty()).map(|url| {
            let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            text::web_address(&url).filter(plain).ok_or_else(|| {
                let problem = "expected the function's own address such as \"https://bot.example.com/\", came something else";
                ConfigError::Variable { name: "DINGOPS_SELF_URL", problem: problem.into() }
            })
        });
        let self_url = self_url.transpose()?;
        let missing = ConfigError::Variable {
            name: "DINGTALK_APP_SECRET",
            problem: "expected the app's Client Secret (凭证与基础信息 in DingTalk's console), came nothing: without it \
                      no callback can be verified; only `send --to robot:NAME` does without"
                .into(),
        };
        Ok(Self {
            secret: secret("DINGTALK_APP_SECRET")?.ok_or(missing)?,
            previous: secret("DINGTALK_APP_SECRET_PREVIOUS")?,
            robot_code,
            app_key,
            code_key,
            self_url,
        })
    }
}

fn is_quoted(text: &str) -> bool {
    ['"', '\''].iter().any(|quote| text.len() > 1 && text.starts_with(*quote) && text.ends_with(*quote))
}
