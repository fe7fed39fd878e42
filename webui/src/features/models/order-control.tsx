import { useLingui } from '@lingui/react/macro';
import { ArrowDown, ArrowUp, GripVertical } from 'lucide-react';
import { IconButton } from '@/ui/button';

interface OrderProps {
  name: string;
  isFirst: boolean;
  isLast: boolean;
  /** Whether something is being dragged, so that it may be dropped here. */
  dragged: boolean;
  onDrag: (on: boolean) => void;
  onDrop: () => void;
  onMove: (by: 1 | -1) => void;
}

/** Moves a row: dragged by a pointer, by the arrow keys, and where fingers point by buttons, since they drag the page. */
export function Order({ name, isFirst, isLast, dragged, onDrag, onDrop, onMove }: OrderProps) {
  const { t } = useLingui();
  return (
    <>
      <button
        type="button"
        draggable
        aria-label={t`Move ${name}; arrow keys move it by one`}
        title={t`Drag, or move with the arrow keys`}
        className="inline-flex size-7 cursor-grab items-center justify-center rounded-control text-t3 hover:bg-s2 max-md:hidden pointer-coarse:hidden"
        onDragStart={(event) => {
          event.dataTransfer.effectAllowed = 'move';
          event.dataTransfer.setData('text/plain', name);
          onDrag(true);
        }}
        onDragEnd={() => onDrag(false)}
        onDragOver={(event) => dragged && event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          onDrop();
          onDrag(false);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
          event.preventDefault();
          onMove(event.key === 'ArrowUp' ? -1 : 1);
        }}
      >
        <GripVertical size={14} />
      </button>
      <span className="hidden max-md:inline-flex pointer-coarse:inline-flex">
        <IconButton
          label={t`Move ${name} up`}
          icon={<ArrowUp size={14} />}
          disabled={isFirst}
          onClick={() => onMove(-1)}
        />
        <IconButton
          label={t`Move ${name} down`}
          icon={<ArrowDown size={14} />}
          disabled={isLast}
          onClick={() => onMove(1)}
        />
      </span>
    </>
  );
}
