/* What targets are like: defaults from the environment, exceptions in the name of a subsystem. */
#include "nf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nf_config nf_defaults;
const char *nf_nqn;

static const struct field { const char *name; size_t at; uint64_t dflt, min, max; } fields[] = {
	{ "namespaces", offsetof(struct nf_config, namespaces), 1, 1, 16 },
	{ "lbads", offsetof(struct nf_config, lbads), 9, 9, 16 },
	{ "mdts", offsetof(struct nf_config, mdts), 8, 0, 16 },
	{ "in_capsule", offsetof(struct nf_config, in_capsule), 4096, 0, 65536 },
	{ "icdoff", offsetof(struct nf_config, icdoff), 0, 0, 4096 },
	{ "offsets", offsetof(struct nf_config, offsets), 1, 0, 1 },
	{ "msdbd", offsetof(struct nf_config, msdbd), 16, 0, 255 },
	{ "mqes", offsetof(struct nf_config, mqes), 1023, 1, 16383 },
	{ "maxcmd", offsetof(struct nf_config, maxcmd), 1024, 0, 65535 },
};

static const char *const faults[] = {
	[NF_DROP] = "drop", [NF_STATUS] = "status", [NF_TRANSIENT] = "transient", [NF_CID] = "cid", [NF_SHORT] = "short", [NF_REPEAT] = "repeat",
	[NF_INVALIDATE] = "invalidate", [NF_DISCONNECT] = "disconnect",
};

enum { FIELDS = sizeof fields / sizeof *fields, FAULTS = sizeof faults / sizeof *faults };

static bool set_field(struct nf_config *c, const char *name, size_t len, const char *value)
{
	for (const struct field *f = fields; f < fields + FIELDS; f++) {
		char *end;
		uint64_t v;

		if (strlen(f->name) != len || memcmp(f->name, name, len))
			continue;
		v = strtoull(value, &end, 0);
		if (end == value || (*end && *end != '&') || *value == '-' || v < f->min || v > f->max) {
			nf_note("%s must be %lu to %lu, not %.*s", f->name, f->min, f->max, (int)strcspn(value, "&"), value);
			return false;
		}
		memcpy((char *)c + f->at, &v, sizeof v);
		return true;
	}
	nf_note("there is no %.*s", (int)len, name);
	return false;
}

/* KIND@N: what happens to the Nth I/O command of a controller. */
static bool set_fault(struct nf_config *c, const char *value)
{
	size_t len = strcspn(value, "@&");
	char *end;

	for (unsigned i = 1; i < FAULTS && value[len] == '@'; i++) {
		if (strlen(faults[i]) != len || memcmp(faults[i], value, len))
			continue;
		c->fault = i;
		c->fault_at = strtoull(value + len + 1, &end, 10);
		if ((*end == 0 || *end == '&') && c->fault_at)
			return true;
	}
	nf_note("fault=%.*s is none of drop, status, transient, cid, short, repeat, invalidate, disconnect, each with @ and a number",
		(int)strcspn(value, "&"), value);
	return false;
}

bool nf_config_of(const char *nqn, struct nf_config *out)
{
	const char *at = strchr(nqn, '?');

	*out = nf_defaults;
	while (at && at[1]) {
		const char *name = at + 1;
		size_t len = strcspn(name, "=&");

		if (name[len] != '=') {
			nf_note("%.*s in the name of a subsystem has no value", (int)len, name);
			return false;
		}
		if (!(len == 5 && !memcmp(name, "fault", 5) ? set_fault(out, name + len + 1) : set_field(out, name, len, name + len + 1)))
			return false;
		at = strchr(name, '&');
	}
	return true;
}

void nf_config_init(void)
{
	const char *fault = nf_env_str("NULLFABRIC_FAULT", NULL);
	char name[64], value[32];

	for (const struct field *f = fields; f < fields + FIELDS; f++) {
		int n = snprintf(name, sizeof name, "NULLFABRIC_%s", f->name);

		for (int i = 0; i < n; i++)
			if (name[i] >= 'a' && name[i] <= 'z')
				name[i] -= 'a' - 'A';
		snprintf(value, sizeof value, "%lu", nf_env_u64(name, f->dflt));
		if (!set_field(&nf_defaults, f->name, strlen(f->name), value))
			nf_die("%s: see above", name);
	}
	if (fault && !set_fault(&nf_defaults, fault))
		nf_die("NULLFABRIC_FAULT: see above");
	nf_nqn = nf_env_str("NULLFABRIC_NQN", "nqn.2026-01.invalid.nullfabric:cnode1");
}
