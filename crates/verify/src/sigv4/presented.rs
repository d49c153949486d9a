//! A signature as presented, with what it is said to cover: where every way of asking comes together.

use chrono::{DateTime, Utc};

use super::{Audience, Form, Malformed, Refusal, Signature, SigningKey, StringToSign, Subject};

pub struct Presented<'a> {
    pub form: Form,
    pub string_to_sign: StringToSign<'a>,
    pub signature: Signature,
}

impl Presented<'_> {
    /// The rules that need no key: what is signed fits the form, its scope is ours and its time is near.
    pub fn admit<R: AsRef<str>>(&self, audience: &Audience<'_, R>, now: DateTime<Utc>) -> Result<(), Refusal> {
        let StringToSign { timestamp, scope, subject } = &self.string_to_sign;
        match (self.form, subject) {
            (Form::Header | Form::Presigned(_), Subject::Request { .. })
            | (Form::Chunk, Subject::Chunk { .. } | Subject::Trailer { .. }) => {}
            // Or the longer life of a chunk could be lent to a whole request.
            (Form::Header | Form::Presigned(_), Subject::Chunk { .. } | Subject::Trailer { .. })
            | (Form::Chunk, Subject::Request { .. }) => {
                return Err(Refusal::MalformedStringToSign(Malformed::Algorithm));
            }
        }
        scope.check(*timestamp, audience)?;
        self.form.check(*timestamp, now)
    }

    pub fn verify(&self, key: &SigningKey) -> Result<(), Refusal> {
        key.verify(&self.string_to_sign, &self.signature)
    }
}
