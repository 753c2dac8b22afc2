/*
 * The S3 back end: any service that speaks S3's REST interface with signature version 4 (path style: endpoint/bucket/key).
 *
 * Theory of operation
 * -------------------
 * A request uses a curl handle of a small pool, so that connections are reused; curl signs it. The body's SHA-256 is part of the
 * signature: a service that checks it stores nothing that was garbled on the way. An object of at most 16 MiB is put with
 * one request, and a put that is repeated writes the same bytes: multipart uploads and their left-overs do not exist.
 *
 * Repeating. Errors of the network, time-outs, 408, 429 and 5xx are tried again, with pauses that double up to 5 s and
 * vary by chance; the time limit (the job's I/O limit) is for the request with all its repetitions, and starts anew only when a put
 * or get moves bytes. Other answers are final. A transfer that stands still for half the limit is broken off.
 *
 * What S3 cannot: no holes, so a pack with a live record keeps all its bytes; no free space to ask for; put is durable when it
 * is answered. Errors are told by code, from the answer's XML; it is read with a scanner for the few elements that matter,
 * which does not follow entities or nesting, and believes no length.
 */
#include "backend.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define POOL 16
#define ANSWER_MAX (4u << 20)
#define KEY_MAX 1200
#define NS 1000000000ull
#define FIRST_PAUSE_MS 100u
#define LONGEST_PAUSE_MS 5000u
#define CONNECT_MOST 10u

struct s3 {
	struct st_backend backend;
	/* Immutable. */
	struct st_run *run;
	char base[600];	    /* endpoint/bucket, without a slash at the end */
	char folder[600];   /* prefix and tenant, with a slash at the end */
	char *user, *password, *sigv4;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	CURL *pool[POOL];
	unsigned in_pool;
	uint64_t random;
};

struct buffer {
	uint8_t *p;
	size_t len, room;
	bool fixed, over; /* fixed: belongs to the caller; over: more came than fits */
};

struct request {
	const char *method;
	char url[KEY_MAX * 3 + 2400];
	const uint8_t *body;
	size_t body_len, body_sent;
	char range[64]; /* empty: none */
	bool may_cancel;

	/* The answer. */
	long status;
	struct buffer answer;

	struct s3 *s3;
	struct st_watch *watch;
	uint64_t moved_at; /* ns */
	curl_off_t moved;    /* of this try */
	curl_off_t furthest; /* of all */
};

/* --- curl -------------------------------------------------------------------------------------------------------------------- */

static CURL *take_handle(struct s3 *s)
{
	pthread_mutex_lock(&s->lock);
	CURL *c = s->in_pool ? s->pool[--s->in_pool] : NULL;
	pthread_mutex_unlock(&s->lock);
	if (c)
		curl_easy_reset(c);
	return c ? c : curl_easy_init();
}

static void give_handle(struct s3 *s, CURL *c)
{
	pthread_mutex_lock(&s->lock);
	if (s->in_pool < POOL) {
		s->pool[s->in_pool++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	curl_easy_cleanup(c);
}

static size_t take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct buffer *b = arg;
	size_t len = size * n;
	if (len > b->room - b->len && !b->fixed) {
		size_t room = b->room ? b->room * 2 : 8192;
		while (room < b->len + len)
			room *= 2;
		uint8_t *p = room <= ANSWER_MAX ? realloc(b->p, room) : NULL;
		if (p) {
			b->p = p;
			b->room = room;
		}
	}
	if (len > b->room - b->len) {
		b->over = true;
		return 0;
	}
	memcpy(b->p + b->len, data, len);
	b->len += len;
	return len;
}

static size_t give_body(char *out, size_t size, size_t n, void *arg)
{
	struct request *r = arg;
	size_t left = r->body_len - r->body_sent, len = size * n < left ? size * n : left;
	memcpy(out, r->body + r->body_sent, len);
	r->body_sent += len;
	return len;
}

static int rewind_body(void *arg, curl_off_t offset, int origin)
{
	struct request *r = arg;
	if (origin != SEEK_SET || offset < 0 || (size_t)offset > r->body_len)
		return CURL_SEEKFUNC_FAIL;
	r->body_sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static int moving(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct request *r = arg;
	(void)down_total, (void)up_total;
	if (down + up != r->moved) {
		r->moved = down + up;
		st_watch_touch(r->watch);
	}
	/* What an earlier try had moved already is no progress: a store that takes all and then refuses would be asked for ever. */
	if (down + up > r->furthest) {
		r->furthest = down + up;
		r->moved_at = st_now_ns();
	}
	return r->may_cancel && st_stopped(r->s3->run);
}

static void hash_header(const void *body, size_t len, char header[100])
{
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
	char *at = header + sprintf(header, "x-amz-content-sha256: ");
	EVP_Digest(body, len, digest, NULL, EVP_sha256(), NULL);
	for (int i = 0; i < 32; i++)
		at += sprintf(at, "%02x", digest[i]);
}

static struct curl_slist *headers_of(const struct request *r)
{
	char hash[100];
	hash_header(r->body ? r->body : (const uint8_t *)"", r->body_len, hash);
	return curl_slist_append(NULL, hash);
}

static void prepare(CURL *c, struct request *r, struct curl_slist *headers)
{
	struct s3 *s = r->s3;
	long limit = s->run->io_timeout, still = limit / 2 ? limit / 2 : 1;
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
	curl_easy_setopt(c, CURLOPT_PASSWORD, s->password);
	curl_easy_setopt(c, CURLOPT_AWS_SIGV4, s->sigv4);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, still < (long)CONNECT_MOST ? still : (long)CONNECT_MOST);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, still);
	/* curl signs a header that switches "Expect" off, and does not send it: so it stays on, and is not waited for long. */
	curl_easy_setopt(c, CURLOPT_EXPECT_100_TIMEOUT_MS, 300l);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 512l << 10);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 512l << 10);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &r->answer);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, moving);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, r);
	if (r->range[0])
		curl_easy_setopt(c, CURLOPT_RANGE, r->range);
	if (r->body) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(c, CURLOPT_READDATA, r);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind_body);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, r);
	} else {
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	}
}

/* One try. Return: curl's verdict; an answer of whatever status is CURLE_OK. */
static CURLcode try_once(struct request *r)
{
	CURL *c = take_handle(r->s3);
	struct curl_slist *headers = headers_of(r);
	CURLcode code = CURLE_OUT_OF_MEMORY;
	r->status = 0;
	r->body_sent = 0;
	r->answer.len = 0;
	r->answer.over = false;
	r->moved = 0;
	if (c && headers) {
		prepare(c, r, headers);
		code = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
	}
	if (c)
		give_handle(r->s3, c);
	curl_slist_free_all(headers);
	return code;
}

/* --- repeating --------------------------------------------------------------------------------------------------------------- */

static bool passes(CURLcode code, long status)
{
	switch (code) {
	case CURLE_OK:
	case CURLE_WRITE_ERROR: /* an error's text that did not fit: the status counts */
		return status == 408 || status == 429 || status >= 500;
	case CURLE_ABORTED_BY_CALLBACK:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_PEER_FAILED_VERIFICATION:
		return false;
	default:
		return true;
	}
}

/* Return: false when the job stops, or would wait beyond the limit. */
static bool pause_before_repeating(struct request *r, unsigned tries, uint64_t until)
{
	struct s3 *s = r->s3;
	uint64_t most = FIRST_PAUSE_MS << (tries < 10 ? tries : 10);
	if (most > LONGEST_PAUSE_MS)
		most = LONGEST_PAUSE_MS;
	pthread_mutex_lock(&s->lock);
	s->random = s->random * 6364136223846793005u + 1442695040888963407u;
	uint64_t ms = most / 2 + (s->random >> 33) % (most / 2);
	pthread_mutex_unlock(&s->lock);
	if (st_now_ns() + ms * 1000000 > until)
		return false;
	for (uint64_t end = st_now_ns() + ms * 1000000; st_now_ns() < end;) {
		struct timespec t = { .tv_nsec = 20000000 };
		if (r->may_cancel && st_stopped(s->run))
			return false;
		nanosleep(&t, NULL);
	}
	st_watch_touch(r->watch);
	return true;
}

/* The text between <name> and </name>, from *at on; *at moves behind it. Return: NULL when there is none. */
static const char *element(const char **at, const char *end, const char *name, size_t *len)
{
	char open[40], close[40];
	int n_open = snprintf(open, sizeof open, "<%s>", name), n_close = snprintf(close, sizeof close, "</%s>", name);
	const char *from = memmem(*at, (size_t)(end - *at), open, (size_t)n_open);
	if (!from)
		return NULL;
	from += n_open;
	const char *to = memmem(from, (size_t)(end - from), close, (size_t)n_close);
	if (!to)
		return NULL;
	*at = to + n_close;
	*len = (size_t)(to - from);
	return from;
}

static bool refused(struct request *r, CURLcode code, const char *doing, const char *name, struct st_failure *failure)
{
	const char *at = (const char *)r->answer.p, *text = NULL;
	size_t len = 0;
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && r->status >= 300))
		return st_failed(failure, ST_UNAVAILABLE, "cannot %s %s in the store %s: %s", doing, name, r->s3->base,
				 curl_easy_strerror(code));
	if (r->answer.len && !r->answer.fixed)
		text = element(&at, at + r->answer.len, "Code", &len);
	bool full = r->status == 507 || (text && ((len == 13 && memcmp(text, "QuotaExceeded", len) == 0) ||
						  (len == 17 && memcmp(text, "XMinioStorageFull", len) == 0)));
	return st_failed(failure, full ? ST_FULL : ST_UNAVAILABLE, "cannot %s %s in the store %s: it answers %ld %.*s%s", doing, name,
			 r->s3->base, r->status, (int)(len < 60 ? len : 60), text ? text : "",
			 full ? "; free some space, or prune recovery points" : "");
}

/* Until there is an answer that is final. Return: false with the failure filled. */
static bool ask(struct request *r, const char *doing, const char *name, struct st_failure *failure)
{
	CURLcode code;
	r->watch = st_watch_begin(ST_UNAVAILABLE, "waiting for %s to %s %s", r->s3->base, doing, name);
	r->moved_at = st_now_ns();
	for (unsigned tries = 0;; tries++) {
		code = try_once(r);
		/* An answer that says the store is full does not get better. */
		if (!passes(code, r->status) || r->status == 507 ||
		    !pause_before_repeating(r, tries, r->moved_at + r->s3->run->io_timeout * NS))
			break;
	}
	st_watch_end(r->watch);
	if (code == CURLE_OK && r->status >= 200 && r->status < 300)
		return true;
	if (code == CURLE_OK && (r->status == 404 || r->status == 416))
		return true;
	return refused(r, code, doing, name, failure);
}

/* --- keys -------------------------------------------------------------------------------------------------------------------- */

/* Percent-encodes as the signature demands: all but A-Z a-z 0-9 - _ . ~, and slashes if they may stay. */
static bool encode(char *out, size_t room, const char *text, size_t len, bool slashes)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t at = strlen(out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			     c == '.' || c == '~' || (slashes && c == '/');
		if (at + 4 > room)
			return false;
		if (plain) {
			out[at++] = (char)c;
		} else {
			out[at++] = '%';
			out[at++] = digits[c >> 4];
			out[at++] = digits[c & 15];
		}
	}
	out[at] = '\0';
	return true;
}

static struct request new_request(struct s3 *s, const char *method, const char *name)
{
	struct request r = { .method = method, .s3 = s, .may_cancel = true };
	/* The sizes were checked when the store was opened. */
	snprintf(r.url, sizeof r.url, "%s/", s->base);
	encode(r.url, sizeof r.url, s->folder, strlen(s->folder), true);
	encode(r.url, sizeof r.url, name, strlen(name), true);
	return r;
}

/* --- operations -------------------------------------------------------------------------------------------------------------- */

static bool s3_put(struct st_backend *be, const char *name, const void *data, size_t len, struct st_failure *failure)
{
	struct request r = new_request((struct s3 *)be, "PUT", name);
	r.body = data;
	r.body_len = len;
	bool ok = ask(&r, "put", name, failure);
	if (ok && r.status >= 300)
		ok = refused(&r, CURLE_OK, "put", name, failure);
	free(r.answer.p);
	return ok;
}

static bool s3_sync(struct st_backend *be, struct st_failure *failure)
{
	(void)be, (void)failure;
	return true;
}

static bool s3_list(struct st_backend *be, const char *prefix, st_listed listed, void *arg, struct st_failure *failure);

static bool is_enough(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	(void)arg, (void)name, (void)size, (void)stored;
	return false;
}

/* Whether it is the object that is not there, and not the bucket or what leads to it: that can be listed. */
static bool answers_for_bucket(struct st_backend *be, const char *name, struct st_failure *failure)
{
	return s3_list(be, name, is_enough, NULL, failure);
}

static enum st_got s3_get(struct st_backend *be, const char *name, uint64_t offset, void *out, size_t len,
			  struct st_failure *failure)
{
	struct request r = new_request((struct s3 *)be, "GET", name);
	r.answer = (struct buffer){ .p = out, .room = len, .fixed = true };
	snprintf(r.range, sizeof r.range, "%" PRIu64 "-%" PRIu64, offset, offset + len - 1);
	for (unsigned tries = 0;; tries++) {
		/* An error's text may be longer than what was asked for: the status counts then. */
		if (!ask(&r, "get", name, failure) && !(r.answer.over && (r.status == 404 || r.status == 416)))
			return ST_GOT_FAILED;
		if (r.status == 404)
			return answers_for_bucket(be, name, failure) ? ST_GOT_MISSING : ST_GOT_FAILED;
		if (r.status == 416)
			return ST_GOT_SHORT;
		if (r.status != 206) {
			refused(&r, CURLE_OK, "get a part of", name, failure);
			return ST_GOT_FAILED;
		}
		if (r.answer.len == len)
			return ST_GOT;
		/* Cut short by the object's end, or by a server that lost its breath: once more tells. */
		if (tries)
			return ST_GOT_SHORT;
	}
}

static bool s3_remove(struct st_backend *be, const char *name, struct st_failure *failure)
{
	struct request r = new_request((struct s3 *)be, "DELETE", name);
	/* Also to tidy up after a job that has stopped. */
	r.may_cancel = false;
	bool ok = ask(&r, "remove", name, failure);
	free(r.answer.p);
	return ok;
}

/* --- listing ----------------------------------------------------------------------------------------------------------------- */

/* Undoes the five entities of XML, in place. */
static void decode_entities(char *text)
{
	static const struct {
		const char *entity;
		char c;
	} known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	char *out = text;
	while (*text) {
		size_t i = 0, n = sizeof known / sizeof *known;
		while (i < n && strncmp(text, known[i].entity, strlen(known[i].entity)) != 0)
			i++;
		*out++ = i < n ? known[i].c : *text;
		text += i < n ? strlen(known[i].entity) : 1;
	}
	*out = '\0';
}

static bool copy_element(const char *at, const char *end, const char *name, char *out, size_t room)
{
	size_t len;
	const char *text = element(&at, end, name, &len);
	if (!text || len >= room)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	decode_entities(out);
	return true;
}

/* The objects of an answer. Return: false when the listing is to stop. */
static bool hand_out(struct s3 *s, const char *xml, size_t len, st_listed listed, void *arg)
{
	const char *at = xml, *end = xml + len, *object;
	size_t folder = strlen(s->folder), object_len;
	while ((object = element(&at, end, "Contents", &object_len))) {
		char key[KEY_MAX], size[32];
		if (!copy_element(object, object + object_len, "Key", key, sizeof key) ||
		    !copy_element(object, object + object_len, "Size", size, sizeof size) || strncmp(key, s->folder, folder) != 0)
			continue;
		uint64_t bytes = strtoull(size, NULL, 10);
		if (strlen(key + folder) < ST_NAME && !listed(arg, key + folder, bytes, bytes))
			return false;
	}
	return true;
}

static bool s3_list(struct st_backend *be, const char *prefix, st_listed listed, void *arg, struct st_failure *failure)
{
	struct s3 *s = (struct s3 *)be;
	char token[KEY_MAX] = "", truncated[8];
	bool ok = true, more = true;
	while (ok && more) {
		struct request r = { .method = "GET", .s3 = s, .may_cancel = true };
		/* The parameters in the order of the signature. */
		snprintf(r.url, sizeof r.url, "%s?", s->base);
		if (token[0]) {
			strcat(r.url, "continuation-token=");
			encode(r.url, sizeof r.url, token, strlen(token), false);
			strcat(r.url, "&");
		}
		strcat(r.url, "list-type=2&prefix=");
		encode(r.url, sizeof r.url, s->folder, strlen(s->folder), false);
		encode(r.url, sizeof r.url, prefix, strlen(prefix), false);
		ok = ask(&r, "list", prefix, failure) && (r.status < 300 || refused(&r, CURLE_OK, "list", prefix, failure));
		const char *xml = (const char *)r.answer.p, *end = xml + r.answer.len;
		more = ok && xml && hand_out(s, xml, r.answer.len, listed, arg) &&
		       copy_element(xml, end, "IsTruncated", truncated, sizeof truncated) && strcmp(truncated, "true") == 0;
		if (more && (!copy_element(xml, end, "NextContinuationToken", token, sizeof token) || !token[0]))
			ok = st_failed(failure, ST_UNAVAILABLE, "the store %s cuts a listing off and does not say how to go on", s->base);
		free(r.answer.p);
	}
	return ok;
}

/* --- opening ----------------------------------------------------------------------------------------------------------------- */

static void s3_close(struct st_backend *be)
{
	struct s3 *s = (struct s3 *)be;
	while (s->in_pool)
		curl_easy_cleanup(s->pool[--s->in_pool]);
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->user);
	free(s->password);
	free(s->sigv4);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct st_backend_ops s3_ops = {
	.put = s3_put,
	.sync = s3_sync,
	.get = s3_get,
	.list = s3_list,
	.remove = s3_remove,
	.parallel_puts = 4,
	.parallel_gets = 8,
	.get_cost = 64u << 10,
	.close = s3_close,
};

static bool make_places(struct s3 *s, const struct st_s3 *s3, const struct st_id *tenant)
{
	char id[37], bucket[200] = "";
	const char *prefix = s3->prefix ? s3->prefix : "";
	size_t endpoint = strlen(s3->endpoint), n = strlen(prefix);
	while (endpoint && s3->endpoint[endpoint - 1] == '/')
		endpoint--;
	while (n && prefix[n - 1] == '/')
		n--;
	while (n && *prefix == '/')
		prefix++, n--;
	st_id_text(tenant, id);
	return encode(bucket, sizeof bucket, s3->bucket, strlen(s3->bucket), false) && n <= 256 && endpoint <= 300 &&
	       snprintf(s->base, sizeof s->base, "%.*s/%s", (int)endpoint, s3->endpoint, bucket) < (int)sizeof s->base &&
	       snprintf(s->folder, sizeof s->folder, "%.*s%s%s/", (int)n, prefix, n ? "/" : "", id) < (int)sizeof s->folder;
}

static void initialise(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct st_backend *st_s3_open(const struct st_s3 *s3, const struct st_id *tenant, struct st_run *run, struct st_failure *failure)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char sigv4[120];
	const char *region = s3->region && *s3->region ? s3->region : "us-east-1";
	struct s3 *s = calloc(1, sizeof *s);
	pthread_once(&once, initialise);
	if (!s) {
		st_failed(failure, ST_INTERNAL, "no memory for the store %s", s3->endpoint);
		return NULL;
	}
	s->backend.ops = &s3_ops;
	s->run = run;
	s->random = st_now_ns();
	pthread_mutex_init(&s->lock, NULL);
	bool fits = make_places(s, s3, tenant) &&
		    snprintf(sigv4, sizeof sigv4, "aws:amz:%s:s3", region) < (int)sizeof sigv4;
	if (strncasecmp(s3->endpoint, "http://", 7) != 0 && strncasecmp(s3->endpoint, "https://", 8) != 0)
		fits = false;
	s->user = strdup(s3->access_key);
	s->password = strdup(s3->secret_key);
	s->sigv4 = fits ? strdup(sigv4) : NULL;
	if (s->user && s->password && s->sigv4)
		return &s->backend;
	st_failed(failure, fits ? ST_INTERNAL : ST_BAD_JOB,
		  "the store's endpoint should be http:// or https://, and its bucket, prefix and region not that long");
	s3_close(&s->backend);
	return NULL;
}
