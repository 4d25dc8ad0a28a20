"""What torch itself reaches on this machine, for the table in docs/measurements.md: python3 torch_rates.py [NAME...]

The same shapes, the same kind of data (normal) and the same way of timing as the checks: a second of warming, which
brings the GPU to the clock that its power cap allows, then each figure is the median and the best of 100 single runs.
The all-reduce runs with one process for each GPU. A NAME is the beginning of a figure's: those alone are measured.
"""
import json, os, statistics, sys, time

import torch


def rate(work, amount, samples=100, warm_up=1.0):
    def once():
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        return amount / (begin.elapsed_time(end) * 1e-3)

    until = time.monotonic() + warm_up
    while time.monotonic() < until:
        once()
    rates = [once() for _ in range(samples)]
    return {"median": statistics.median(rates), "best": max(rates)}


def one_gpu(wanted):
    torch.backends.cudnn.benchmark = True
    out = {}

    def measure(name, work, amount):
        if wanted(name):
            out[name] = rate(work, amount)

    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    b = torch.randn_like(a)
    c = torch.empty_like(a)
    measure("gemm bf16 8192, TFLOP/s", lambda: torch.mm(a, b, out=c), 2 * 8192**3 / 1e12)
    x = torch.randn(64, 256, 56, 56, device="cuda", dtype=torch.float16).to(memory_format=torch.channels_last)
    w = torch.randn(256, 256, 3, 3, device="cuda", dtype=torch.float16).to(memory_format=torch.channels_last)
    flops = 2 * 64 * 56 * 56 * 256 * 256 * 9
    measure("conv fp16 64x56x56x256 3x3, TFLOP/s", lambda: torch.nn.functional.conv2d(x, w, padding=1), flops / 1e12)
    source = torch.empty(1 << 32, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    measure("copy D2D 4 GiB, read and written, GB/s", lambda: target.copy_(source), 2 * (1 << 32) / 1e9)
    for pinned in (True, False):
        host = torch.empty(1 << 28, dtype=torch.uint8, pin_memory=pinned)
        device = target[: 1 << 28]
        name = "pinned" if pinned else "pageable"
        measure(f"copy H2D 256 MiB {name}, GB/s", lambda: device.copy_(host, non_blocking=True), (1 << 28) / 1e9)
        measure(f"copy D2H 256 MiB {name}, GB/s", lambda: host.copy_(device, non_blocking=True), (1 << 28) / 1e9)
    return out


def all_reduce(rank, world, results):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29517", RANK=str(rank), WORLD_SIZE=str(world))
    torch.cuda.set_device(rank)
    torch.distributed.init_process_group("nccl", device_id=torch.device("cuda", rank))
    data = torch.zeros(1 << 28, device="cuda")
    # By count: a rank that leaves the warm-up alone would leave the others waiting.
    for _ in range(50):
        torch.distributed.all_reduce(data)
    found = rate(lambda: torch.distributed.all_reduce(data), data.nbytes * 2 * (world - 1) / world / 1e9, 50, 0)
    if rank == 0:
        results["all-reduce fp32 1 GiB, bus GB/s"] = found
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    names = sys.argv[1:]
    found = one_gpu(lambda name: not names or name.startswith(tuple(names)))
    if torch.cuda.device_count() > 1 and not names:
        torch.cuda.empty_cache()
        results = torch.multiprocessing.Manager().dict()
        world = torch.cuda.device_count()
        torch.multiprocessing.spawn(all_reduce, args=(world, results), nprocs=world)
        found.update(results)
    json.dump({"torch": torch.__version__, "gpu": torch.cuda.get_device_name(), "rates": found}, sys.stdout, indent=1)
    print()
