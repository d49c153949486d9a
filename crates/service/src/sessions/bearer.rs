//! The short proof of a session: a JWT, signed with HMAC-SHA-256 by a key of its own.
//!
//! One algorithm, one issuer, one audience, one type; whatever else a token claims about how it wants to be checked is
//! ignored. It says only which session it belongs to: what its holder may do is read anew for every request.

use std::sync::Once;

use domain::id::{SessionId, TokenId, UserId};
use domain::session::Session;
use domain::{Entropy, Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::{Error, Result};

const TYPE: &str = "keyreeve-session+jwt";
const ISSUER: &str = "keyreeve";
const AUDIENCE: &str = "keyreeve-api";
/// Of the proof that stands for an API token in the console's cookie, and is good nowhere else.
const HOLDER_TYPE: &str = "keyreeve-console+jwt";
const HOLDER_AUDIENCE: &str = "keyreeve-console";
/// Of the proof that a gateway gets when it logs in by Keystone's protocol, and is good nowhere else.
const GATEWAY_TYPE: &str = "keyreeve-gateway+jwt";
const GATEWAY_AUDIENCE: &str = "keyreeve-keystone";

/// What a bearer token proves.
pub(crate) struct Proof {
    pub(crate) session: SessionId,
    pub(crate) expires_at: Timestamp,
}

/// What a holder's proof proves: somebody showed this API token, not long ago.
pub(crate) struct HolderProof {
    pub(crate) token: TokenId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

pub(crate) struct Bearers {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    holder_validation: Validation,
    gateway_validation: Validation,
}

impl Bearers {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        install_hmac();
        Self {
            signing: EncodingKey::from_secret(key),
            verifying: DecodingKey::from_secret(key),
            validation: validation(AUDIENCE),
            holder_validation: validation(HOLDER_AUDIENCE),
            gateway_validation: validation(GATEWAY_AUDIENCE),
        }
    }

    pub(crate) fn seal(
        &self,
        session: &Session,
        now: Timestamp,
        expires_at: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<Secret> {
        let named = (session.user.to_string(), session.id.to_string());
        self.sign(TYPE, AUDIENCE, named, (now, expires_at), entropy)
    }

    pub(crate) fn open(&self, token: &str, now: Timestamp) -> Result<Proof> {
        let (Claims { sub, sid, .. }, expires_at) = self.read(token, TYPE, &self.validation, now)?;
        let (Ok(_), Ok(session)) = (UserId::parse(&sub), SessionId::parse(&sid)) else {
            return Err(Error::UnknownCredentials);
        };
        live(expires_at, now)?;
        Ok(Proof { session, expires_at })
    }

    pub(crate) fn seal_holder(
        &self,
        token: &TokenId,
        now: Timestamp,
        expires_at: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<Secret> {
        let named = (token.to_string(), String::new());
        self.sign(HOLDER_TYPE, HOLDER_AUDIENCE, named, (now, expires_at), entropy)
    }

    pub(crate) fn open_holder(&self, token: &str, now: Timestamp) -> Result<HolderProof> {
        let (Claims { sub, .. }, expires_at) = self.read(token, HOLDER_TYPE, &self.holder_validation, now)?;
        let token = TokenId::parse(&sub).map_err(|_| Error::UnknownCredentials)?;
        live(expires_at, now)?;
        Ok(HolderProof { token })
    }

    pub(crate) fn seal_gateway(
        &self,
        token: &TokenId,
        now: Timestamp,
        expires_at: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<Secret> {
        let named = (token.to_string(), String::new());
        self.sign(GATEWAY_TYPE, GATEWAY_AUDIENCE, named, (now, expires_at), entropy)
    }

    pub(crate) fn open_gateway(&self, token: &str, now: Timestamp) -> Result<HolderProof> {
        let (Claims { sub, .. }, expires_at) = self.read(token, GATEWAY_TYPE, &self.gateway_validation, now)?;
        let token = TokenId::parse(&sub).map_err(|_| Error::UnknownCredentials)?;
        live(expires_at, now)?;
        Ok(HolderProof { token })
    }

    fn sign(
        &self,
        kind: &str,
        audience: &str,
        (sub, sid): (String, String),
        (now, expires_at): (Timestamp, Timestamp),
        entropy: &mut Entropy,
    ) -> Result<Secret> {
        let header = Header { typ: Some(kind.to_owned()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: audience.to_owned(),
            sub,
            sid,
            jti: domain::id::nameless(entropy),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
        };
        let token = jsonwebtoken::encode(&header, &claims, &self.signing);
        token.map(Secret::new).map_err(|_| Error::Hashing)
    }

    /// The claims of one that we signed, of this type, and when it expires: whether it has is asked last.
    fn read(&self, token: &str, kind: &str, validation: &Validation, now: Timestamp) -> Result<(Claims, Timestamp)> {
        let unknown = |_| Error::UnknownCredentials;
        let token = jsonwebtoken::decode::<Claims>(token, &self.verifying, validation).map_err(unknown)?;
        if token.header.typ.as_deref() != Some(kind) || now.timestamp() < token.claims.nbf {
            return Err(Error::UnknownCredentials);
        }
        let expires_at = Timestamp::from_timestamp(token.claims.exp, 0).ok_or(Error::UnknownCredentials)?;
        Ok((token.claims, expires_at))
    }
}

fn live(expires_at: Timestamp, now: Timestamp) -> Result<()> {
    if now < expires_at { Ok(()) } else { Err(Error::Expired) }
}

fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // Times are compared by hand, with the request's own clock and without leeway.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// Teaches the JWT library HMAC-SHA-256 and nothing else: its own back ends bring RSA and more along.
fn install_hmac() {
    static ONCE: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?)),
        key_utils: KeyUtils::new_unimplemented(),
    };
    ONCE.call_once(|| {
        // Only fails if somebody in this process has installed one before; then that one is used.
        let _ = PROVIDER.install_default();
    });
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, JwtError> {
        let refused = || JwtError::from(ErrorKind::InvalidAlgorithm);
        if algorithm != Algorithm::HS256 {
            return Err(refused());
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| refused())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::id::TenantId;
    use domain::time::minutes;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_763_000_000, 0).unwrap()
    }

    fn sealed(bearers: &Bearers) -> String {
        let mut entropy = Entropy::from_seed([1; 32]);
        let session = Session::begin(
            SessionId::draw(&mut entropy, now()),
            UserId::draw(&mut entropy, now()),
            TenantId::draw(&mut entropy, now()),
            now(),
        );
        bearers.seal(&session, now(), now() + minutes(10), &mut entropy).unwrap().expose().to_owned()
    }

    /// A token with other words in it, signed with the right key as far as its header lets us.
    fn forged(header: &str, claims: &str) -> String {
        signed_with(&[7; 32], header, claims)
    }

    fn signed_with(key: &[u8], header: &str, claims: &str) -> String {
        let body = unsigned(header, claims);
        let body = body.trim_end_matches('.');
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(body).finalize().into_bytes();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    fn unsigned(header: &str, claims: &str) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    const HEADER: &str = r#"{"typ":"keyreeve-session+jwt","alg":"HS256"}"#;

    fn claims(exp: &str) -> String {
        format!(
            r#"{{"iss":"keyreeve","aud":"keyreeve-api","sub":"usr_01jd0000000000000000000000",
            "sid":"ses_01jd0000000000000000000000","jti":"x","iat":1763000000,"nbf":1763000000,"exp":{exp}}}"#
        )
    }

    #[test]
    fn it_lives_for_ten_minutes_to_the_second() {
        let bearers = Bearers::new(&[7; 32]);
        let token = sealed(&bearers);
        assert!(bearers.open(&token, now()).is_ok());
        assert!(bearers.open(&token, now() + minutes(10) - chrono::TimeDelta::seconds(1)).is_ok());
        assert!(matches!(bearers.open(&token, now() + minutes(10)), Err(Error::Expired)));
        assert!(bearers.open(&token, now() - chrono::TimeDelta::seconds(1)).is_err(), "before it was made");
    }

    #[test]
    fn another_key_or_another_bit_opens_nothing() {
        let token = sealed(&Bearers::new(&[7; 32]));
        assert!(Bearers::new(&[8; 32]).open(&token, now()).is_err());
        let bearers = Bearers::new(&[7; 32]);
        for end in 0..token.len() {
            assert!(bearers.open(&token[..end], now()).is_err(), "cut to {end}");
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_checked() {
        let bearers = Bearers::new(&[7; 32]);
        let good = claims("1763000600");
        assert!(bearers.open(&forged(HEADER, &good), now()).is_ok(), "the forger of this test knows the key");
        for header in [
            r#"{"typ":"keyreeve-session+jwt","alg":"none"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"HS512"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"RS256"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256"}"#,
        ] {
            assert!(bearers.open(&forged(header, &good), now()).is_err(), "{header}");
        }
    }

    #[test]
    fn a_session_is_no_holder_and_a_holder_no_session() {
        let (bearers, mut entropy) = (Bearers::new(&[7; 32]), Entropy::from_seed([2; 32]));
        let token = TokenId::draw(&mut entropy, now());
        let holder = bearers.seal_holder(&token, now(), now() + minutes(5), &mut entropy).unwrap();
        assert!(bearers.open_holder(holder.expose(), now()).is_ok_and(|proof| proof.token == token));
        assert!(matches!(bearers.open_holder(holder.expose(), now() + minutes(5)), Err(Error::Expired)));
        assert!(matches!(bearers.open(holder.expose(), now()), Err(Error::UnknownCredentials)));
        assert!(matches!(bearers.open_holder(&sealed(&bearers), now()), Err(Error::UnknownCredentials)));
    }

    #[test]
    fn what_a_gateway_gets_is_for_gateways_only() {
        let (bearers, mut entropy) = (Bearers::new(&[7; 32]), Entropy::from_seed([2; 32]));
        let token = TokenId::draw(&mut entropy, now());
        let gateway = bearers.seal_gateway(&token, now(), now() + minutes(5), &mut entropy).unwrap();
        assert!(bearers.open_gateway(gateway.expose(), now()).is_ok_and(|proof| proof.token == token));
        assert!(matches!(bearers.open_gateway(gateway.expose(), now() + minutes(5)), Err(Error::Expired)));
        assert!(bearers.open(gateway.expose(), now()).is_err());
        assert!(bearers.open_holder(gateway.expose(), now()).is_err());
        let holder = bearers.seal_holder(&token, now(), now() + minutes(5), &mut entropy).unwrap();
        assert!(bearers.open_gateway(holder.expose(), now()).is_err());
        assert!(bearers.open_gateway(&sealed(&bearers), now()).is_err());
    }

    #[test]
    fn an_expiry_of_the_wrong_type_is_no_expiry() {
        let bearers = Bearers::new(&[7; 32]);
        for exp in ["\"1763000600\"", "null", "[1763000600]", "1763000600.5", "1e300", "true"] {
            assert!(bearers.open(&forged(HEADER, &claims(exp)), now()).is_err(), "{exp}");
        }
        for (from, to) in [("keyreeve-api", "other"), ("\"keyreeve\"", "\"other\""), ("ses_", "tok_"), ("usr_", "ten_")]
        {
            assert!(bearers.open(&forged(HEADER, &claims("1763000600").replace(from, to)), now()).is_err(), "{to}");
        }
    }

    #[test]
    fn no_token_of_another_make_is_taken() {
        let bearers = Bearers::new(&[7; 32]);
        let good = claims("1763000600");
        assert!(bearers.open(&forged(HEADER, &good), now()).is_ok(), "the forger of this test knows the key");
        let headers = [
            r#"{"typ":"keyreeve-session+jwt"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":""}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"None"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"NONE"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"nOnE"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":null}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":["HS256"]}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"hs256"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":" HS256"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"HS256\u0000"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"HS384"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"HS1"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"ES256"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"PS256"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"EdDSA"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"HS256","alg":"none"}"#,
            r#"{"typ":"keyreeve-session+jwt","alg":"none","alg":"HS256"}"#,
            r#"{"typ":["keyreeve-session+jwt"],"alg":"HS256"}"#,
            r#"{"typ":"Keyreeve-Session+JWT","alg":"HS256"}"#,
            r#"{"typ":"application/keyreeve-session+jwt","alg":"HS256"}"#,
            r#"{"typ":"keyreeve-console+jwt","alg":"HS256"}"#,
            r#"{"typ":"keyreeve-gateway+jwt","alg":"HS256"}"#,
            r#"{"typ":"keyreeve-session+jwt","enc":"A256GCM","alg":"dir"}"#,
            r#"["HS256"]"#,
            r#""HS256""#,
            "null",
            "",
            "{",
        ];
        for header in headers {
            assert!(bearers.open(&forged(header, &good), now()).is_err(), "{header}");
            assert!(bearers.open(&unsigned(header, &good), now()).is_err(), "unsigned: {header}");
        }
        assert!(bearers.open(&unsigned(HEADER, &good), now()).is_err(), "a signature that is empty");
        let token = forged(HEADER, &good);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, body, signature] = parts[..] else { panic!("{token}") };
        let swapped = format!("{body}.{header}.{signature}");
        let as_json = format!(r#"{{"protected":"{header}","payload":"{body}","signature":"{signature}"}}"#);
        for other in [
            format!("{header}.{body}"),
            format!("{header}..{signature}"),
            format!(".{body}.{signature}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{token}="),
            format!(" {token}"),
            format!("{token}\n"),
            swapped,
            as_json,
            ".".into(),
            "..".into(),
            "....".into(),
        ] {
            assert!(bearers.open(&other, now()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_key_that_a_token_brings_along_is_not_used() {
        let bearers = Bearers::new(&[7; 32]);
        let good = claims("1763000600");
        for (name, value) in [
            ("jwk", r#"{"kty":"oct","k":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"}"#),
            ("jku", r#""https://evil.example.org/keys""#),
            ("x5u", r#""https://evil.example.org/cert""#),
            ("kid", r#""../../../dev/null""#),
            ("kid", r#""' UNION SELECT 'key""#),
        ] {
            let header = format!(r#"{{"typ":"keyreeve-session+jwt","alg":"HS256","{name}":{value}}}"#);
            for key in [&[9; 32][..], &[0; 32], b""] {
                assert!(bearers.open(&signed_with(key, &header, &good), now()).is_err(), "{header}");
            }
        }
    }

    #[test]
    fn no_claim_of_the_wrong_type_is_taken() {
        let bearers = Bearers::new(&[7; 32]);
        let right: serde_json::Value = serde_json::from_str(&claims("1763000600")).unwrap();
        assert!(bearers.open(&forged(HEADER, &right.to_string()), now()).is_ok());
        let odd = [
            "null",
            "true",
            "[]",
            "{}",
            "[1763000600]",
            "1763000600.5",
            "1e300",
            "-1e300",
            "\"1763000600\"",
            "\"\"",
            "99999999999999999999",
        ];
        for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
            for value in odd {
                let (mut claims, value): (_, serde_json::Value) = (right.clone(), serde_json::from_str(value).unwrap());
                if claims[name].is_string() && value.is_string() && name == "jti" {
                    continue;
                }
                claims[name] = value.clone();
                assert!(bearers.open(&forged(HEADER, &claims.to_string()), now()).is_err(), "{name}: {value}");
            }
            let mut without = right.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(bearers.open(&forged(HEADER, &without.to_string()), now()).is_err(), "no {name}");
            let twice = right.to_string().replacen('{', &format!("{{\"{name}\":{},", right[name]), 1);
            assert!(bearers.open(&forged(HEADER, &twice), now()).is_err(), "{name} twice");
        }
        for exp in [i64::MAX, i64::MIN, -1, 0] {
            assert!(bearers.open(&forged(HEADER, &claims(&exp.to_string())), now()).is_err(), "{exp}");
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_token(place in any::<Index>(), letter in "[-_0-9a-zA-Z=+/. é]", text in "\\PC{0,120}") {
            let bearers = Bearers::new(&[7; 32]);
            let token = sealed(&bearers);
            let place = place.index(token.len());
            let changed = format!("{}{}{}", &token[..place], letter, &token[place + 1..]);
            prop_assert!(changed == token || bearers.open(&changed, now()).is_err(), "{}", changed);
            let longer = format!("{}{}{}", &token[..place], letter, &token[place..]);
            prop_assert!(bearers.open(&longer, now()).is_err(), "{}", longer);
            for text in [text.clone(), format!("{text}.{text}.{text}"), format!("{}{text}", &token[..place])] {
                prop_assert!(text == token || bearers.open(&text, now()).is_err(), "{}", text);
                prop_assert!(bearers.open_holder(&text, now()).is_err() && bearers.open_gateway(&text, now()).is_err());
            }
        }

        #[test]
        fn claims_that_are_signed_are_read_or_refused(header in "\\PC{0,60}", claims in "\\PC{0,120}") {
            prop_assert!(Bearers::new(&[7; 32]).open(&forged(&header, &claims), now()).is_err());
            prop_assert!(Bearers::new(&[7; 32]).open(&forged(HEADER, &claims), now()).is_err());
        }
    }
}
