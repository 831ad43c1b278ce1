/* Attention in one pass over the keys: a running maximum, a running sum. */
#include <attnspec.h>

static void flash(attnspec_call *call)
{
    const attnspec_array *query = attnspec_argument(call, "query");
    const attnspec_array *key = attnspec_argument(call, "key");
    const attnspec_array *value = attnspec_argument(call, "value");
    const int64_t B = query->shape[0], Hq = query->shape[1], L = query->shape[2];
    const int64_t E = query->shape[3], S = key->shape[2], Ev = value->shape[3];
    const attnspec_array *mask = attnspec_broadcast(call, "mask", B, Hq, L, S);
    const bool causal = attnspec_flag(call, "causal");
    const double scale = attnspec_number(call, "scale", 1.0 / sqrt((double)E));
    attnspec_array *output = attnspec_result(call, "output");
    attnspec_array *lse = attnspec_result(call, "lse");
    double *sums = (double *)calloc((size_t)Ev, sizeof *sums);

    for (int64_t row = 0; row < B * Hq * L; row++) {
        const int64_t i = row % L, h = row / L % Hq, b = row / L / Hq;
        const int64_t shared = h / (Hq / key->shape[1]); /* the key head */
        const int64_t end = causal && i + S - L + 1 < S ? i + S - L + 1 : S;
        double highest = -INFINITY, total = 0.0;
        for (int64_t e = 0; e < Ev; e++)
            sums[e] = 0.0;
        for (int64_t j = 0; j < end; j++) {
            if (mask != NULL && !attnspec_get(mask, b, h, i, j))
                continue;
            double score = 0.0;
            for (int64_t e = 0; e < E; e++)
                score += attnspec_get(query, b, h, i, e) *
                         attnspec_get(key, b, shared, j, e);
            score *= scale;
            if (score == -INFINITY) /* it weighs nothing, and may come first */
                continue;
            if (score > highest) { /* what was summed before weighs less now */
                const double factor = exp(highest - score);
                total *= factor;
                for (int64_t e = 0; e < Ev; e++)
                    sums[e] *= factor;
                highest = score;
            }
            const double weight = exp(score - highest);
            total += weight;
            for (int64_t e = 0; e < Ev; e++)
                sums[e] += weight * attnspec_get(value, b, shared, j, e);
        }
        /* A query that sees no key: its output is 0, its logsumexp minus infinity. */
        for (int64_t e = 0; e < Ev; e++)
            attnspec_set(output, total == 0.0 ? 0.0 : sums[e] / total, b, h, i, e);
        if (lse != NULL)
            attnspec_set(lse, highest + log(total), 0, b, h, i);
    }
    free(sums);
}

int main(void)
{
    attnspec_call call;
    attnspec_start(
        "{\"name\": \"flash.c\", \"dtypes\": [\"float32\"], \"claims\": [\"mask\","
        " \"head_mask\", \"causal\", \"scale\", \"nonpositive_scale\", \"return_lse\","
        " \"grouped_query\", \"value_width\", \"empty_keys\"]}");
    while (attnspec_next(&call)) {
        flash(&call);
        attnspec_answer(&call);
    }
    return 0;
}
