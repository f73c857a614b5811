//! How Prosody is told to check room tokens.
//!
//! Source: `token/util.lib.lua` of jitsi-meet; for Docker, `conf.d/jitsi-meet.cfg.lua` of docker-jitsi-meet, which makes
//! these settings of variables.

use super::snippet::{Setting, quoted};
use crate::reservation::{BaseUrl, ServerId};

/// How Prosody checks room tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Tokens {
    /// With a secret that it shares with Frontdesk.
    Hs256,
    /// The same, with a longer hash.
    Hs384,
    /// The same, with the longest hash.
    Hs512,
    /// With public keys, each asked for when it is first met.
    Asap,
    /// With all public keys at once, as a JWK set.
    Jwks,
    /// With all public keys at once, as certificates.
    Certificates,
}

impl Tokens {
    /// As a token's `alg` has it.
    #[must_use]
    pub fn algorithm(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Asap | Self::Jwks | Self::Certificates => "RS256",
        }
    }

    /// Whether Prosody has to be told a secret.
    #[must_use]
    pub fn is_shared_secret(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// What Prosody needs to check room tokens.
#[derive(Debug, Clone, Copy)]
pub struct Verification<'a> {
    /// How it checks.
    pub tokens: Tokens,
    /// Where it reaches Frontdesk.
    pub url: &'a BaseUrl,
    /// Whose keys it gets: those of that conference server, or else the deployment's own.
    pub server: Option<ServerId>,
    /// The shared secret, where there is one.
    pub secret: Option<&'a str>,
    /// Whether it serves the rooms of several tenants.
    pub several_tenants: bool,
    /// What public keys sign with.
    pub algorithm: &'a str,
    /// Who issues the tokens (`iss`).
    pub issuer: &'a str,
    /// For whom they are (`aud`).
    pub audience: &'a str,
    /// Whether some are for `*`, as ProCONF's are.
    pub any_audience: bool,
}

impl Verification<'_> {
    fn keys(&self, what: &str) -> String {
        match self.server {
            Some(server) => format!("{}/keys/{server}/{what}", self.url),
            None if what == "jwks.json" => format!("{}/.well-known/jwks.json", self.url),
            None => format!("{}/keys/{what}", self.url),
        }
    }

    /// Where all keys are, for who asks for all at once.
    fn all_keys(&self) -> Option<String> {
        match self.tokens {
            Tokens::Jwks => Some(self.keys("jwks.json")),
            Tokens::Certificates => Some(self.keys("certificates.json")),
            Tokens::Asap | Tokens::Hs256 | Tokens::Hs384 | Tokens::Hs512 => None,
        }
    }

    /// The audiences that Prosody accepts.
    fn audiences(&self) -> Vec<&str> {
        [self.audience].into_iter().chain(self.any_audience.then_some("*")).collect()
    }

    /// What docker-jitsi-meet has no variable for.
    pub(super) fn further_settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        if let Some(url) = self.all_keys() {
            let why = match self.tokens {
                Tokens::Certificates => "All public keys at once, in the form of Jitsi's plugins of 2023.",
                _ => "All public keys at once. Needs Jitsi's plugins since November 2025; before, use asap.",
            };
            settings.push(Setting { name: "cache_keys_url", value: quoted(&url), why });
        }
        settings.push(Setting {
            name: "signature_algorithm",
            value: quoted(self.algorithm),
            why: "Tokens that are signed in another way are refused.",
        });
        settings
    }

    /// All settings.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let set = |name, value, why| Setting { name, value, why };
        let mut settings = vec![set("app_id", quoted(self.issuer), "Who issues the tokens (iss).")];
        match self.secret {
            Some(secret) => settings.push(set(
                "app_secret",
                quoted(secret),
                "The secret that they are signed with. Who has it opens every room: keep it to yourself.",
            )),
            None => settings.push(set(
                "asap_key_server",
                quoted(&self.keys("asap")),
                "Public keys, each asked for by the SHA-256 of its name when it is first met.",
            )),
        }
        settings.extend(self.further_settings());
        let list = |items: &[&str]| {
            let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
            format!("{{ {} }}", items.join(", "))
        };
        let why_these = if self.any_audience {
            "ProCONF's tokens are for \"*\", and to Jitsi's plugins that means any audience."
        } else {
            "Nor those that are for somebody else."
        };
        settings.extend([
            set("asap_accepted_issuers", list(&[self.issuer]), "Nobody else's tokens."),
            set("asap_accepted_audiences", list(&self.audiences()), why_these),
            set(
                "enable_domain_verification",
                "true".to_owned(),
                "Otherwise a token for a room opens the rooms of that name of all tenants.",
            ),
            set("allow_empty_token", "false".to_owned(), "Nobody comes in without one."),
        ]);
        settings
    }

    /// What docker-jitsi-meet takes as variables, a line each.
    pub(super) fn variables(&self) -> String {
        let key = match self.secret {
            Some(secret) => format!("JWT_APP_SECRET={secret}"),
            None => format!("JWT_ASAP_KEYSERVER={}", self.keys("asap")),
        };
        // Where there is one tenant, `sub` need not be Prosody's own name for itself.
        let domain = if self.several_tenants { "JWT_ENABLE_DOMAIN_VERIFICATION=1\n" } else { "" };
        let issuer = self.issuer;
        let audiences = self.audiences().join(",");
        format!(
            "ENABLE_AUTH=1
AUTH_TYPE=jwt
JWT_APP_ID={issuer}
{key}
JWT_ACCEPTED_ISSUERS={issuer}
JWT_ACCEPTED_AUDIENCES={audiences}
JWT_ALLOW_EMPTY=0
{domain}"
        )
    }
}
