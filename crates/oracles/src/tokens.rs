//! Names and tokens that we draw ourselves: one spelling, no abbreviation, no misprint.

use domain::id::{
    ClaimId, EventId, GatewayId, InstanceId, InvitationId, KeyId, PartnerId, RequestId, SessionId, TenantId, TokenId,
    UserId,
};
use domain::key::AccessKeyId;
use domain::token;

use crate::no_beginning_of;

pub(crate) fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(kind) = token::kind_of(text) else { return };
    assert!(text.starts_with(kind.prefix()), "{text:?} is taken for another kind");
    no_beginning_of(text, |beginning| token::kind_of(beginning).is_ok());
    for place in 0..text.len() {
        for letter in ['0', 'Z', 'a', '-', 'é'] {
            let misprint: String =
                text.char_indices().map(|(at, was)| if at == place { letter } else { was }).collect();
            assert!(misprint == text || token::kind_of(&misprint).is_err(), "{misprint:?} is as good as {text:?}");
        }
    }
    for longer in [format!("{text}0"), format!("0{text}"), format!("{text} "), format!("{text}\n"), text.repeat(2)] {
        assert!(token::kind_of(&longer).is_err(), "{longer:?}");
    }
}

pub(crate) fn id(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    macro_rules! accepted {
        ($($kind:ident)*) => {
            [$($kind::parse(text).ok().map(|id| {
                no_beginning_of(text, |beginning| $kind::parse(beginning).is_ok());
                id.to_string()
            })),*]
        };
    }
    let accepted = accepted!(PartnerId TenantId UserId InstanceId KeyId ClaimId GatewayId TokenId InvitationId SessionId EventId RequestId);
    let printed: Vec<_> = accepted.into_iter().flatten().collect();
    assert!(printed.len() <= 1, "{text:?} is the id of more than one kind");
    assert!(printed.iter().all(|printed| printed == text), "{text:?} is printed as {printed:?}");
}

pub(crate) fn access_key_id(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(id) = AccessKeyId::parse(text) else { return };
    assert_eq!(id.as_str(), text);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/' && byte != b',');
    assert!(is_plain, "{text:?} does not fit a credential");
    assert!(!(id.has_checksum() && id.is_misprint()), "{text:?} is right and a misprint");
}
