#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void usage(const char *program)
{
	fprintf(stderr,
		"usage: %s --control PATH --state DIR [--workers N] [--cores A,B,...] [--memory MB] [--huge] [--unsealed] [--watchdog S]\n"
		"       [--uplink DEVICE[:DRIVER]]...\n"
		"  --control PATH  the socket that libfreeholdctl connects to\n"
		"  --state DIR     connections and control state that survive this process; keep it on tmpfs\n"
		"  --workers N     packet threads, 1 to %d (default 1)\n"
		"  --cores LIST    cores that the workers are pinned to, in order (default: they float)\n"
		"  --memory MB     packet memory, 64 to 65536 (default 512); a port needs about 3\n"
		"  --huge          take it from 2 MB huge pages\n"
		"  --uplink DEVICE a network device through which other hosts are reached; DRIVER: af_xdp or af_packet (default: the better)\n"
		"  --watchdog S    seconds that a worker may stand still before the process ends itself, 1 to 600 (default 10)\n"
		"  --unsealed      accept guest memory that QEMU could take away, as huge pages (then a broken QEMU can end this process)\n",
		program, DP_MAX_WORKERS);
}

static bool number(const char *text, unsigned long min, unsigned long max, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);
	*out = (unsigned)v;
	return *text && !*end && v >= min && v <= max;
}

static bool cores(struct options *o, char *list)
{
	unsigned n = 0, core;
	for (char *save, *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		if (n == DP_MAX_WORKERS || !number(c, 0, 1023, &core))
			return false;
		o->cores[n++] = (int)core;
	}
	return n > 0;
}

bool options_parse(struct options *o, int argc, char *argv[])
{
	static const struct option known[] = {
		{ "control", required_argument, NULL, 'c' }, { "state", required_argument, NULL, 's' },
		{ "workers", required_argument, NULL, 'w' }, { "cores", required_argument, NULL, 'p' },
		{ "memory", required_argument, NULL, 'm' },  { "huge", no_argument, NULL, 'h' },
		{ "unsealed", no_argument, NULL, 'u' },     { "uplink", required_argument, NULL, 'l' },
		{ "watchdog", required_argument, NULL, 'd' },
		{ 0 },
	};
	int c;
	bool ok = true;
	*o = (struct options){ .workers = 1, .memory_mb = 512, .watchdog_s = 10 };
	for (unsigned i = 0; i < DP_MAX_WORKERS; i++)
		o->cores[i] = -1;
	while (ok && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->control = optarg;
			break;
		case 's':
			o->state = optarg;
			break;
		case 'w':
			ok = number(optarg, 1, DP_MAX_WORKERS, &o->workers);
			break;
		case 'p':
			ok = cores(o, optarg);
			break;
		case 'm':
			ok = number(optarg, 64, 65536, &o->memory_mb);
			break;
		case 'd':
			ok = number(optarg, 1, 600, &o->watchdog_s);
			break;
		case 'h':
			o->huge = true;
			break;
		case 'l':
			ok = o->n_uplinks < DP_MAX_UPLINKS;
			if (ok)
				o->uplinks[o->n_uplinks++] = optarg;
			break;
		case 'u':
			o->unsealed = true;
			break;
		default:
			ok = false;
		}
	}
	ok = ok && o->control && o->state && optind == argc;
	if (!ok)
		usage(argv[0]);
	return ok;
}
