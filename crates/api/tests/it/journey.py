"""A reseller's portal, written with nothing but the client that was generated from the API's document."""

import sys

sys.path.insert(0, sys.argv[1])

from generated import AuthenticatedClient, Client
from generated.api.keys import create_key, disable_key, list_keys, open_claim, read_key_usage, revoke_key
from generated.api.audit import read_tenant_audit
from generated.api.posture import read_partner_posture, read_tenant_posture
from generated.api.partners import create_partner, list_partners, read_partner
from generated.api.sessions import accept_invitation, log_in
from generated.api.tenant_regions import change_tenant_region, list_tenant_regions
from generated.api.tenants import (create_tenant, delete_tenant, list_tenants, read_tenant, restore_tenant,
                                   resume_tenant, suspend_tenant)
from generated.api.tokens import create_partner_token, delete_partner_token, list_partner_tokens, rotate_partner_token
from generated.api.me import read_me
from generated.models import (AcceptInvitation, ChangeTenantRegion, CreateKey, CreatePartner, CreateTenant, CreateToken,
                              FirstAdmin, Guardrails, LogIn, Problem, RegionService, RotateToken, TenantStatus,
                              TokenScope)
from generated.types import UNSET

import datetime

url, token, region, now = sys.argv[2:]
expiry = datetime.datetime.fromisoformat(now) + datetime.timedelta(days=30)


def of(token):
    return AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)


def ok(answer, status):
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert not isinstance(answer.parsed, Problem), answer.content
    return answer.parsed


def refused(answer, status, slug):
    assert answer.status_code == status and isinstance(answer.parsed, Problem), answer.content
    assert answer.parsed.type_ == f"/problems/{slug}" and answer.parsed.detail, answer.parsed
    return answer.parsed


def pages(operation, **parameters):
    """Everything of a list, two at a time."""
    cursor = UNSET
    while cursor is not None:
        page = ok(operation.sync_detailed(limit=2, cursor=cursor, **parameters), 200)
        yield from page.items
        cursor = page.next_cursor


# The distributor makes a reseller, with a guardrail, and a token for the reseller's portal.
distributor = of(token)
guardrails = Guardrails(partners_may_not_see_secrets=True, max_ttl_seconds=86400 * 90)
reseller = ok(create_partner.sync_detailed(client=distributor, body=CreatePartner("Baltic", guardrails=guardrails)), 201)
assert reseller.effective_guardrails.partners_may_not_see_secrets
body = CreateToken(description="Portal", expires_at=expiry)
first = ok(create_partner_token.sync_detailed(reseller.id, client=distributor, body=body), 201)
second = ok(rotate_partner_token.sync_detailed(reseller.id, first.id, client=distributor, body=RotateToken(60)), 201)
assert second.id in [listed.id for listed in pages(list_partner_tokens, partner=reseller.id, client=distributor)]
ok(delete_partner_token.sync_detailed(reseller.id, first.id, client=distributor), 204)
refused(read_me.sync_detailed(client=of(first.token)), 401, "unknown-credentials")
portal = of(second.token)
me = ok(read_me.sync_detailed(client=portal), 200)
assert me.partner_id == reseller.id and TokenScope.KEYS_WRITE in me.scopes

# The reseller makes customers, one of them with its first admin, who comes in by the invitation.
customers = []
for number in range(5):
    admin = FirstAdmin(email=f"ada@{number}.example.org", name="Ada")
    body = CreateTenant(name=f"Customer {number}", external_ref=f"C-{number}", admin=admin)
    made = create_tenant.sync_detailed(client=portal, body=body, idempotency_key=f"customer-{number}")
    customers.append(ok(made, 201))
again = create_tenant.sync_detailed(client=portal, body=body, idempotency_key="customer-4")
assert ok(again, 201).to_dict() == customers[4].to_dict(), "a retry gets the same answer"
wrong = create_tenant.sync_detailed(client=portal, body=CreateTenant(name=""))
assert [error.pointer for error in refused(wrong, 422, "invalid").errors] == ["/name"]
customer = customers[0]
invitation, password = customer.admin.invitation.token, "correct horse battery staple"
body = AcceptInvitation(invitation=invitation, password=password)
ok(accept_invitation.sync_detailed(client=Client(base_url=url), body=body), 200)
body = LogIn(email="ada@0.example.org", password=password)
ada = of(ok(log_in.sync_detailed(client=Client(base_url=url), body=body), 200).access_token)

# Finding a customer by the portal's own number, and all of them page by page.
found = list(pages(list_tenants, client=portal, external_ref="C-0"))
tenant = found[0].id
assert [each.id for each in found] == [customer.id if hasattr(customer, "id") else customer.tenant.id]
assert len(list(pages(list_tenants, client=portal))) == 5

# A region, and keys of which the portal sees a link only.
refused(create_key.sync_detailed(tenant, client=portal, body=CreateKey(region=region, label="Early")), 409,
        "region-unavailable")
body = ChangeTenantRegion(service=RegionService.AVAILABLE)
offered = ok(change_tenant_region.sync_detailed(tenant, region, client=portal, body=body), 200)
assert offered.region == region
assert [row.region for row in pages(list_tenant_regions, tenant=tenant, client=portal)] == [region]
key = ok(create_key.sync_detailed(tenant, client=portal, body=CreateKey(region=region, label="Backups")), 201)
assert key.secret_access_key is UNSET and key.claim.token.startswith("krc_")
claimed = ok(open_claim.sync_detailed(key.claim.token, client=Client(base_url=url)), 200)
assert claimed.access_key_id == key.key.access_key_id and claimed.secret_access_key
refused(open_claim.sync_detailed(key.claim.token, client=Client(base_url=url)), 404, "dead-link")
late = CreateKey(region=region, label="Late", expires_at=expiry + datetime.timedelta(days=365))
refused(create_key.sync_detailed(tenant, client=portal, body=late), 403, "guardrail-max-ttl-seconds")
own = ok(create_key.sync_detailed(tenant, client=ada, body=CreateKey(region=region, label="Own")), 201)
assert own.secret_access_key, "the customer sees its own"
assert sorted(each.label for each in pages(list_keys, tenant=tenant, client=portal)) == ["Backups", "Own"]

# Whoever does not pay is suspended, pays, and is resumed.
stopped = ok(suspend_tenant.sync_detailed(tenant, client=portal), 200)
assert stopped.tenant.status == TenantStatus.SUSPENDED and stopped.receipt.state
refused(read_me.sync_detailed(client=ada), 401, "suspended")
assert [each.id for each in pages(list_tenants, client=portal, status=TenantStatus.SUSPENDED)] == [tenant]
ok(resume_tenant.sync_detailed(tenant, client=portal), 200)
ok(read_me.sync_detailed(client=ada), 200)

# Whoever leaves is deleted in thirty days, and may think again.
leaving = ok(delete_tenant.sync_detailed(tenant, client=portal), 200)
assert leaving.tenant.delete_at and leaving.tenant.status == TenantStatus.DELETING
refused(create_key.sync_detailed(tenant, client=portal, body=CreateKey(region=region, label="L")), 409,
        "tenant-being-deleted")
ok(restore_tenant.sync_detailed(tenant, client=portal), 200)
ok(read_me.sync_detailed(client=ada), 200)

# What was used, and what was done.
usage = ok(read_key_usage.sync_detailed(tenant, key.key.id, client=portal), 200)
assert usage.key_id == key.key.id and usage.last_used_at is None
of_tenant = ok(read_tenant_posture.sync_detailed(tenant, client=portal), 200)
assert of_tenant.keys == of_tenant.active >= 2, of_tenant
posture = ok(read_partner_posture.sync_detailed(reseller.id, client=portal), 200)
assert (posture.keys, posture.without_expiry) == (of_tenant.keys, of_tenant.without_expiry), posture
assert [each.tenant_id for each in posture.tenants.items if each.keys] == [tenant], posture
actions = [event.action for event in pages(read_tenant_audit, tenant=tenant, client=portal)]
assert {"tenant.created", "key.created", "key.claimed", "tenant.suspended", "tenant.restored"} <= set(actions), actions

# Conditions on what was read, and what is not the portal's to see.
refused(suspend_tenant.sync_detailed(tenant, client=portal, if_match='"1"'), 412, "not-as-expected")
refused(read_partner.sync_detailed("ptr_01jd0000000000000000000000", client=portal), 404, "not-found")
refused(create_partner.sync_detailed(client=ada, body=CreatePartner("Nobody")), 403, "forbidden")
assert [partner.id for partner in pages(list_partners, client=portal)] == [reseller.id]
ok(revoke_key.sync_detailed(tenant, own.key.id, client=ada), 200)
refused(disable_key.sync_detailed(tenant, own.key.id, client=ada), 409, "key-revoked")
print("the journey is over")
