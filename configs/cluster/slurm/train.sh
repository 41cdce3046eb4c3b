#!/usr/bin/env bash
# One training run under Slurm: sbatch configs/cluster/slurm/train.sh [KEY=VALUE]...
# Every node runs the same command; Ray makes them one cluster, and the first of them leads the run.
#SBATCH --job-name=entrepot
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --output=entrepot-%j.log
set -euo pipefail

shared=${ENTREPOT_SHARED:-$HOME/entrepot}             # a folder that every node mounts
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export ENTREPOT_WORKERS=$((SLURM_NNODES * ${SLURM_GPUS_ON_NODE:-4}))
export ENTREPOT_STORAGE=${ENTREPOT_STORAGE:-$shared/ray}
# A job that Slurm started again goes on from its last checkpoint.
resume=()
[ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && resume=(--resume)

srun --nodes="$SLURM_NNODES" --ntasks="$SLURM_NNODES" \
  ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_NNODES" \
  --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-4}" \
  -- entrepot train cluster=ray folder="$shared/checkpoints" "${resume[@]}" "$@"
