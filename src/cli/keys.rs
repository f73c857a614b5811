//! `frontdesk keys …`.

use std::fs::File;
use std::io::{self, Read as _};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};
use strum::VariantNames as _;

use super::Done;
use super::parse::algorithm;
use super::print::{Output, file, say};
use crate::actions::private_keys::unlock;
use crate::actions::signing_keys::{
    KeyOwner, KeySource, Rotated, Rotation, When, activate_signing_key, add_signing_key, list_signing_keys,
    retire_signing_key, show_signing_key, withdraw_signing_key,
};
use crate::app::App;
use crate::reservation::{SigningKeyId, TenantName};
use crate::signing::{Algorithm, Imported, Kid};
use crate::store::signing_keys::SigningKeyRecord;
use crate::view::{ActivatedView, TokenKeyView, WithdrawnView};

/// No key is longer: an RSA key of 8192 bits has some 6500 characters.
const MOST_BYTES: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// Tenant whose keys they are [default: the deployment's own, which sign for tenants that have none]
    #[arg(long, global = true)]
    tenant: Option<TenantName>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// List keys, withdrawn ones too
    List,
    /// Make a key. It signs at once where no other does, else it is the next
    Make {
        /// What it signs with: RS256, RS384, RS512, HS256, HS384, HS512, ES256 or EdDSA
        #[arg(long, default_value = "RS256", value_parser = algorithm)]
        algorithm: Algorithm,
        /// What tokens call it [default: its thumbprint; for a shared secret, its id]
        #[arg(long)]
        kid: Option<Kid>,
    },
    /// Import a private key (PEM or JWK) or a shared secret, from standard input or a file
    Import {
        /// What it signs with: RS256, RS384, RS512, HS256, HS384, HS512, ES256 or EdDSA
        #[arg(long, value_parser = algorithm)]
        algorithm: Algorithm,
        /// File to read it from [default: standard input]
        #[arg(long, value_name = "FILE", value_parser = secret_file)]
        file: Option<SecretString>,
        /// What tokens call it [default: what the JWK says, or its thumbprint; for a shared secret, its id]
        #[arg(long)]
        kid: Option<Kid>,
    },
    /// Show a key, or its public half
    Show {
        /// Which key
        id: SigningKeyId,
        /// Print nothing but the public half, in this form
        #[arg(
            long,
            value_name = "FORM",
            conflicts_with = "secret",
            value_parser = PossibleValuesParser::new(Form::VARIANTS).try_map(|text| text.parse::<Form>())
        )]
        public: Option<Form>,
        /// Print nothing but the shared secret, for who verifies. A private half is never shown
        #[arg(long)]
        secret: bool,
    },
    /// Let a next key sign instead of the one that does
    Activate {
        /// Which key
        id: SigningKeyId,
        /// What tokens call it from now on, where a verifier gave it another name. Takes --now
        #[arg(long)]
        kid: Option<Kid>,
        /// At once, even if verifiers may not know it yet and refuse what it signs
        #[arg(long)]
        now: bool,
    },
    /// Let the next key sign, retire the one that does, and make another next one
    Rotate {
        /// Of the keys for this algorithm
        #[arg(long, default_value = "RS256", value_parser = algorithm)]
        algorithm: Algorithm,
        /// At once, even if verifiers may not know it yet and refuse what it signs
        #[arg(long)]
        now: bool,
    },
    /// Let a key sign no more; its tokens stay good. Another takes its place only where it is the deployment's for RS256
    Retire {
        /// Which key
        id: SigningKeyId,
    },
    /// Take a key away at once, as when somebody else has it. Its tokens are good no more, and the next key signs
    Withdraw {
        /// Which key
        id: SigningKeyId,
    },
}

/// A form of a public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Form {
    Pem,
    Jwk,
    Certificate,
}

/// Why there is no key to read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("no key has more than {MOST_BYTES} bytes")]
    TooLong,
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// What a key does not have.
#[derive(Debug, thiserror::Error)]
enum ShowError {
    #[error("a shared secret has no public half; --secret shows the secret")]
    NoPublicHalf,
    #[error("the private half of a key is never shown; --public shows the public one")]
    NotShared,
}

impl KeysArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let owner = KeyOwner::from(self.tenant);
        let one = |key: &SigningKeyRecord| output.one(&TokenKeyView::new(&owner, key));
        match self.command {
            KeysCommand::List => {
                let all = list_signing_keys(&mut *app.db.acquire().await?, &owner).await?;
                output.list(&all.iter().map(|key| TokenKeyView::new(&owner, key)).collect::<Vec<_>>())
            }
            KeysCommand::Make { algorithm, kid } => {
                one(&add_signing_key(app, &owner, algorithm, KeySource::Make, kid).await?)
            }
            KeysCommand::Import { algorithm, file, kid } => {
                let text = file.map_or_else(|| read(io::stdin()), Ok)?;
                let imported = Imported::read(algorithm, text.expose_secret())?;
                one(&add_signing_key(app, &owner, algorithm, KeySource::Import(imported), kid).await?)
            }
            KeysCommand::Show { id, public, secret } => {
                let key = show_signing_key(&mut *app.db.acquire().await?, &owner, id).await?;
                match public {
                    Some(form) => show_public(&key, form),
                    None if secret => show_secret(app, &key),
                    None => one(&key),
                }
            }
            KeysCommand::Activate { id, kid, now } => {
                let when = When::now_if(now);
                let done = activate_signing_key(app, &owner, id, kid.as_ref(), when).await?;
                rotated(output, &owner, &done)
            }
            KeysCommand::Rotate { algorithm, now } => {
                let rotation = Rotation::prepare(app, owner.clone(), algorithm, When::now_if(now)).await?;
                rotated(output, &owner, &rotation.run(app).await?)
            }
            KeysCommand::Retire { id } => one(&retire_signing_key(app, &owner, id).await?),
            KeysCommand::Withdraw { id } => {
                let done = withdraw_signing_key(app, &owner, id).await?;
                if output.json {
                    return output.one(&WithdrawnView::new(&owner, &done));
                }
                keys(output, &owner, [Some(&done.withdrawn), done.active.as_ref()])
            }
        }
    }
}

fn rotated(output: Output, owner: &KeyOwner, done: &Rotated) -> Done {
    if output.json {
        return output.one(&ActivatedView::new(owner, done));
    }
    keys(output, owner, [Some(&done.active), done.retired.as_ref(), done.next.as_ref()])
}

/// Those that are there, one after the other: each says its state.
fn keys<const N: usize>(output: Output, owner: &KeyOwner, keys: [Option<&SigningKeyRecord>; N]) -> Done {
    let there = keys.into_iter().flatten();
    output.list(&there.map(|key| TokenKeyView::new(owner, key)).collect::<Vec<_>>())
}

fn show_public(key: &SigningKeyRecord, form: Form) -> Done {
    let public = key.public.as_ref().ok_or(ShowError::NoPublicHalf)?;
    match form {
        Form::Pem => file(public.as_pem()),
        Form::Certificate => file(key.certificate.as_deref().ok_or(ShowError::NoPublicHalf)?),
        Form::Jwk => {
            let jwk = public.jwk(Some(&key.kid)).ok_or(ShowError::NoPublicHalf)?;
            say(format_args!("{}", serde_json::to_string_pretty(&jwk)?));
            Ok(())
        }
    }
}

fn show_secret(app: &App, key: &SigningKeyRecord) -> Done {
    if !key.algorithm.is_shared_secret() {
        return Err(ShowError::NotShared.into());
    }
    let secret = unlock(&app.keys, key)?;
    say(format_args!("{}", std::str::from_utf8(secret.expose())?));
    Ok(())
}

/// A key from a file; read while the command line is parsed, when a process of root's still is root's.
fn secret_file(path: &str) -> Result<SecretString, ReadError> {
    read(File::open(path)?)
}

fn read(source: impl io::Read) -> Result<SecretString, ReadError> {
    let mut text = String::new();
    source.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(ReadError::TooLong);
    }
    Ok(text.into())
}
