#define WEIR_FARMS ->Arg(10)->Arg(1'000)->Arg(20'000)
BENCHMARK_CAPTURE(pick, roundrobin, "roundrobin") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, static_rr, "static-rr") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, leastconn, "leastconn") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, first, "first") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, random, "random") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, map, "source") WEIR_FARMS;
BENCHMARK_CAPTURE(pick, ring, "source", Options{.consistent = true}) WEIR_FARMS;
BENCHMARK_CAPTURE(pick, bounded_ring, "source", Options{.consistent = true, .balance_factor = 150}) WEIR_FARMS;

}  // namespace
}  // namespace weir::balance
