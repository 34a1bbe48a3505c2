//! `[robots.NAME]`: custom robots of groups, to send to.

use serde::Deserialize;

use super::document::{Mistake, Places, Spanned};
use crate::dingtalk::webhook::{CustomRobot, Keyword, Token};

/// Nothing of a token or a secret is repeated in a mistake, wherever it stands.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RobotSection {
    /// What stands behind access_token= in its webhook's address.
    token: Spanned<String>,
    /// The secret of its 加签, which begins with SEC.
    secret: Option<Spanned<String>>,
    /// Its 自定义关键词; the first is added to a message that has none of them.
    keywords: Option<Spanned<Vec<Spanned<String>>>>,
}

impl RobotSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<CustomRobot, Mistake> {
        let token = Token::new(self.token.get_ref().as_str());
        let token = token.map_err(|error| places.mistake(self.token.span(), error.to_string()))?;
        let secret = |secret: Spanned<String>| {
            CustomRobot::secret(secret.get_ref())
                .map_err(|error| places.mistake(secret.span(), error.to_string()))
        };
        let keyword = |keyword: Spanned<String>| {
            Keyword::new(keyword.get_ref().as_str())
                .map_err(|error| places.unexpected(keyword.span(), &error.to_string(), keyword.get_ref()))
        };
        let keywords = match self.keywords {
            Some(keywords) if keywords.get_ref().len() > Keyword::MAX => {
                let (most, came) = (Keyword::MAX, keywords.get_ref().len());
                let problem =
                    format!("expected at most {most} keywords, as many as a robot may have, came {came}");
                return Err(places.mistake(keywords.span(), problem));
            }
            keywords => keywords.map(Spanned::into_inner).unwrap_or_default(),
        };
        Ok(CustomRobot {
            token,
            secret: self.secret.map(secret).transpose()?,
            keywords: keywords.into_iter().map(keyword).collect::<Result<_, _>>()?,
        })
    }
}
