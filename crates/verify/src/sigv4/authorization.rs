//! `Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`

use super::{ALGORITHM, Credential, Malformed, Signature, SignedHeaders};

pub struct Authorization<'a> {
    pub credential: Credential<'a>,
    pub signed_headers: SignedHeaders<'a>,
    pub signature: Signature,
}

impl<'a> Authorization<'a> {
    /// The three fields may come in any order, each exactly once.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        let (algorithm, fields) = value.split_once(' ').ok_or(Malformed::Layout)?;
        if algorithm != ALGORITHM {
            return Err(Malformed::Algorithm);
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim_matches(' ').split_once('=').ok_or(Malformed::Layout)?;
            let earlier = match name {
                "Credential" => credential.replace(value),
                "SignedHeaders" => signed_headers.replace(value),
                "Signature" => signature.replace(value),
                _ => return Err(Malformed::Layout),
            };
            if earlier.is_some() {
                return Err(Malformed::Layout);
            }
        }
        Ok(Self {
            credential: Credential::parse(credential.ok_or(Malformed::Credential)?)?,
            signed_headers: SignedHeaders::parse(signed_headers.ok_or(Malformed::SignedHeaders)?)?,
            signature: Signature::parse(signature.ok_or(Malformed::Signature)?)?,
        })
    }

    /// The header's value, for whoever signs.
    pub fn to_header_value(&self) -> String {
        let Self { credential, signed_headers, signature } = self;
        let signature = signature.to_hex();
        format!("{ALGORITHM} Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}")
    }
}
